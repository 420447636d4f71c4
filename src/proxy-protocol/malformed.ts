import { GatewayError } from '../errors.ts'

export function malformed(what: string): GatewayError {
  return new GatewayError('proxy-header-invalid', `the PROXY header: ${what}`)
}
