import { GatewayError } from '../errors.ts'
import { readDeflate } from './deflate-params.ts'
import type { DeflateParams } from './deflate-params.ts'
import { isToken } from './token-list.ts'

/** One element of Sec-WebSocket-Extensions: `name; param; param=value`. */
export interface ExtensionOffer {
  readonly name: string
  /** In order; a parameter without a value has undefined. Quoted values are unquoted. */
  readonly params: readonly (readonly [name: string, value: string | undefined])[]
}

/** What both ends of a WebSocket will apply to its frames. */
export interface ExtensionAgreement {
  /** permessage-deflate: RSV1 may be set. */
  readonly deflate: boolean
  /**
   * The Sec-WebSocket-Extensions value to answer the client with; undefined where nothing was
   * agreed.
   */
  readonly header: string | undefined
}

const deflateName = 'permessage-deflate'
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const namePattern = new RegExp(`[ \\t]*(${token})[ \\t]*`, 'y')
const paramPattern = new RegExp(
  `;[ \\t]*(${token})[ \\t]*(?:=[ \\t]*(?:(${token})|"((?:[^"\\\\]|\\\\.)*)")[ \\t]*)?`,
  'y',
)
const emptyPattern = /[ \t]*(?:,|$)/y

/**
 * The elements of Sec-WebSocket-Extensions (RFC 6455 section 9.1), which may stand on several
 * lines.
 * @returns undefined where the grammar is broken or there is no element
 */
export function parseExtensions(lines: readonly string[]): ExtensionOffer[] | undefined {
  const text = lines.join(',')
  const offers: ExtensionOffer[] = []
  let at = 0
  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found !== null) at += found[0].length
    return found
  }
  while (at < text.length) {
    if (take(emptyPattern) !== null) continue
    const name = take(namePattern)?.[1]
    if (name === undefined) return undefined
    const params: [string, string | undefined][] = []
    for (let found = take(paramPattern); found !== null; found = take(paramPattern)) {
      const [, param = '', plain, quoted] = found
      const value = plain ?? quoted?.replace(/\\(.)/g, '$1')
      // Quoted or not, a value is a token (RFC 6455 section 9.1).
      if (value !== undefined && !isToken(value)) return undefined
      params.push([param, value])
    }
    if (at < text.length && text[at] !== ',') return undefined
    at += 1
    offers.push({ name, params })
  }
  return offers.length > 0 ? offers : undefined
}

/** The value of Sec-WebSocket-Extensions; undefined where there is nothing to offer. */
export function serializeExtensions(offers: readonly ExtensionOffer[]): string | undefined {
  if (offers.length === 0) return undefined
  return offers.map(serialize).join(', ')
}

function serialize({ name, params }: ExtensionOffer): string {
  const parts = params.map(([param, value]) => (value === undefined ? param : `${param}=${value}`))
  return [name, ...parts].join('; ')
}

/**
 * What may be passed on of a client's offer: permessage-deflate, as often as it is offered with
 * other parameters. An extension that the scanner does not understand would change what its frames
 * mean, and an offer that a server must decline (RFC 7692 section 7.1) is not worth an upstream's
 * risk.
 */
export function deflateOffers(offers: readonly ExtensionOffer[]): ExtensionOffer[] {
  return offers.filter((offer) => readDeflateOffer(offer) !== undefined)
}

/**
 * Checks the Sec-WebSocket-Extensions lines of a 101 against what was offered.
 * @throws {GatewayError} `upstream-handshake` where they name anything that was not offered in this
 *   way
 */
export function verifyAnswer(
  offers: readonly ExtensionOffer[],
  lines: readonly string[],
): ExtensionAgreement {
  if (lines.length === 0) return { deflate: false, header: undefined }
  const answers = parseExtensions(lines)
  const answer = answers?.[0]
  if (answers === undefined || answer === undefined) throw refused('is malformed')
  // Two compressions cannot both use RSV1 (RFC 7692 section 4).
  if (answers.length > 1) throw refused('agrees to more than one extension')
  if (answer.name !== deflateName) throw refused('names an extension that was not offered')
  const agreed = readDeflate(answer.params, 'answer')
  if (agreed === undefined) throw refused('has invalid permessage-deflate parameters')
  const fits = offers.some((offer) => {
    const offered = readDeflateOffer(offer)
    return offered !== undefined && accepts(offered, agreed)
  })
  if (!fits) throw refused('does not fit what was offered')
  return { deflate: true, header: serialize(answer) }
}

/** RFC 7692 sections 7.1.1 and 7.1.2: what a server may answer to one offer. */
function accepts(offered: DeflateParams, agreed: DeflateParams): boolean {
  if (offered.serverNoContextTakeover && !agreed.serverNoContextTakeover) return false
  if (offered.serverMaxWindowBits !== undefined) {
    if (agreed.serverMaxWindowBits === undefined) return false
    if (agreed.serverMaxWindowBits > offered.serverMaxWindowBits) return false
  }
  if (agreed.clientMaxWindowBits === undefined) return true
  return (
    offered.clientMaxWindowBits !== undefined &&
    agreed.clientMaxWindowBits <= offered.clientMaxWindowBits
  )
}

function readDeflateOffer(offer: ExtensionOffer): DeflateParams | undefined {
  return offer.name === deflateName ? readDeflate(offer.params, 'offer') : undefined
}

function refused(what: string): GatewayError {
  return new GatewayError('upstream-handshake', `the 101's Sec-WebSocket-Extensions ${what}`)
}
