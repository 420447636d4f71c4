import { isIPv4 } from 'node:net'
import { GatewayError } from '../errors.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'

/** A route's settings about origins. */
export interface OriginSettings {
  /**
   * Origins as browsers serialize them, `https://*.example.com` (one label or more in its place),
   * `null`, or `*` for any; undefined is the same origin as Host.
   */
  readonly origins?: readonly string[]
  /** Refuse a client that sends no Origin: every browser sends one. */
  readonly requireOrigin: boolean
}

interface Wildcard {
  /** `https://` */
  readonly start: string
  /** `.example.com`, with the port where it has one. */
  readonly end: string
}

const webOrigin =
  /^(https?):\/\/(\[[0-9a-f:]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::([1-9]\d{0,4}))?$/
const labels = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/

/**
 * Which pages may open WebSockets on a route. Browsers let any page try and say only in Origin
 * which one it is (RFC 6455 section 10.2), so that this check is all that stands between a foreign
 * page and the user's session.
 */
export class OriginRules {
  readonly #sameOrigin: boolean
  readonly #any: boolean
  readonly #required: boolean
  readonly #exact = new Set<string>()
  readonly #wildcards: Wildcard[] = []
  readonly #knownHost: (name: string) => boolean

  /** @param knownHost whether a name stands in some route's `match.host` */
  constructor(settings: OriginSettings, knownHost: (name: string) => boolean) {
    const origins = settings.origins ?? []
    this.#sameOrigin = settings.origins === undefined
    this.#any = origins.includes('*')
    this.#required = settings.requireOrigin
    this.#knownHost = knownHost
    for (const origin of origins) {
      const at = origin.indexOf('://*.')
      if (at === -1) this.#exact.add(origin)
      else this.#wildcards.push({ start: origin.slice(0, at + 3), end: origin.slice(at + 4) })
    }
  }

  /** Pages of every origin may connect. */
  get any(): boolean {
    return this.#any
  }

  /**
   * @param origin the Origin header; undefined where there is none
   * @throws {GatewayError} `origin-denied`
   */
  check(origin: string | undefined, request: EdgeRequest): void {
    if (origin === undefined) {
      if (this.#required) throw denied('the client sends no Origin, and the route requires one')
      return
    }
    if (this.#any) return
    // A browser writes lower case; others may not, and mean the same (RFC 6454 section 4).
    const asked = origin.toLowerCase()
    if (this.#sameOrigin) this.#checkSame(asked, request)
    else if (!this.#lists(asked)) throw denied(`${quoted(origin)} is not listed: ${remedy(asked)}`)
  }

  #checkSame(origin: string, request: EdgeRequest): void {
    const [, scheme, host = '', port] = webOrigin.exec(origin) ?? []
    if (scheme === undefined) throw denied(`${quoted(origin)} is not the origin of a web page`)
    const standard = scheme === 'https' ? 443 : 80
    const asked = port === undefined ? standard : Number(port)
    const same = host === request.host && asked === (request.port ?? standard)
    if (!same) throw denied(`${quoted(origin)} is not the origin of the Host: ${remedy(origin)}`)
    if (request.schemeKnown && scheme !== request.scheme) {
      throw denied(`${quoted(origin)} is not ${request.scheme}: ${remedy(origin)}`)
    }
    const secure = request.schemeKnown && request.scheme === 'https'
    if (!secure && !this.#ours(request.host)) {
      throw denied(`anybody can point ${quoted(host)} here (DNS rebinding): ${remedy(origin)}`)
    }
  }

  /**
   * Whether a page under this host has to be ours: no certificate says so on a plain connection.
   */
  #ours(host: string): boolean {
    return isIPv4(host) || host.startsWith('[') || host === 'localhost' || this.#knownHost(host)
  }

  #lists(origin: string): boolean {
    if (this.#exact.has(origin)) return true
    return this.#wildcards.some(({ start, end }) => {
      if (!origin.startsWith(start) || !origin.endsWith(end)) return false
      // What the asterisk stands for is whole labels and nothing else, one or more of them.
      return labels.test(
        origin.slice(start.length, Math.max(start.length, origin.length - end.length)),
      )
    })
  }
}

/** The origin is the client's text: short enough for a log line. */
function quoted(origin: string): string {
  return JSON.stringify(origin.length > 200 ? `${origin.slice(0, 200)}…` : origin)
}

function remedy(origin: string): string {
  return webOrigin.test(origin) && origin.length < 200
    ? `where it is yours, add ${origin} to the route's origins (or start with --origin ${origin})`
    : "nothing to add to the route's origins (or --origin)"
}

function denied(message: string): GatewayError {
  return new GatewayError('origin-denied', message)
}
