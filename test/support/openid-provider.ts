import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import type { JWK } from 'jose'
import { Provider } from 'oidc-provider'
import type { Configuration } from 'oidc-provider'
import { listening } from './peers.ts'
import type { Peer } from './peers.ts'

/** What a login gives. */
export interface Granted {
  /** Says to which login it belongs (`sid`). */
  readonly idToken: string
  /** A JWT that does not. */
  readonly accessToken: string
}

const redirectUri = 'http://127.0.0.1/back'
const verifier = 'v'.repeat(50)

/**
 * A real OpenID provider on this machine, with one client; everybody who comes is let in under the
 * name they give.
 */
export class OpenIdProvider {
  static readonly audience = 'urn:edge'
  static readonly clientId = 'page'
  readonly issuer: string
  /** Requests for the key set. */
  keyFetches = 0
  readonly #peer: Peer
  readonly #handler: { serve: RequestListener }
  readonly #logoutUri: () => string
  #provider!: Provider

  private constructor(peer: Peer, handler: { serve: RequestListener }, logoutUri: () => string) {
    this.#peer = peer
    this.#handler = handler
    this.#logoutUri = logoutUri
    this.issuer = `http://127.0.0.1:${peer.port}`
  }

  /** @param logoutUri where it tells of logouts */
  static async start(logoutUri: () => string): Promise<OpenIdProvider> {
    const handler: { serve: RequestListener } = { serve: (_, response) => response.end() }
    const server = createServer((request, response) => handler.serve(request, response))
    const provider = new OpenIdProvider(await listening(server), handler, logoutUri)
    await provider.rotate()
    return provider
  }

  /** Signs with a new key from now on, and publishes no other. */
  async rotate(): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    const key = { ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256' }
    this.#provider = new Provider(this.issuer, this.#configuration([key]))
    const serve = this.#provider.callback()
    this.#handler.serve = (request, response) => {
      if (request.url === '/jwks') this.keyFetches++
      if (request.url?.startsWith('/login/') === true) void this.#letIn(request, response)
      else void serve(request, response)
    }
  }

  /** One browser of its own. */
  browser(): OpenIdBrowser {
    return new OpenIdBrowser(this.issuer)
  }

  close(): void {
    this.#peer.close()
  }

  async #letIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { params } = await this.#provider.interactionDetails(request, response)
    const login = { accountId: String(params['login_hint']) }
    await this.#provider.interactionFinished(request, response, { login, consent: {} })
  }

  #configuration(keys: JWK[]): Configuration {
    return {
      // Its own dispatcher refuses addresses of this machine.
      fetch: async (url, options) => {
        const { dispatcher: _, ...rest } = options as RequestInit & { dispatcher?: unknown }
        return await fetch(url, rest)
      },
      jwks: { keys: keys },
      cookies: { keys: ['the provider signs its cookies'] },
      clients: [
        {
          client_id: OpenIdProvider.clientId,
          application_type: 'native',
          token_endpoint_auth_method: 'none',
          redirect_uris: [redirectUri],
          backchannel_logout_uri: this.#logoutUri(),
          backchannel_logout_session_required: true,
        },
      ],
      interactions: { url: (_, { uid }) => `/login/${uid}` },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
      loadExistingGrant: async ({ oidc }) => {
        const { provider, session, client } = oidc
        const grant = new provider.Grant({
          accountId: String(session?.accountId),
          clientId: String(client?.clientId),
        })
        grant.addOIDCScope('openid')
        grant.addResourceScope(OpenIdProvider.audience, 'chat')
        await grant.save()
        return grant
      },
      features: {
        devInteractions: { enabled: false },
        backchannelLogout: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => OpenIdProvider.audience,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: 'chat',
            audience: OpenIdProvider.audience,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 3600,
          }),
        },
      },
      ttl: { IdToken: 3600, AccessToken: 3600, Session: 3600, Interaction: 60, Grant: 3600 },
    }
  }
}

/** Goes through a login as a browser does: redirects, cookies, forms. */
export class OpenIdBrowser {
  readonly #issuer: string
  readonly #cookies = new Map<string, string>()

  constructor(issuer: string) {
    this.#issuer = issuer
  }

  async logIn(subject: string): Promise<Granted> {
    const challenge = Buffer.from(
      await crypto.subtle.digest('SHA-256', Buffer.from(verifier)),
    ).toString('base64url')
    const query = new URLSearchParams({
      client_id: OpenIdProvider.clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid chat',
      login_hint: subject,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    let at = `${this.#issuer}/auth?${query.toString()}`
    while (!at.startsWith(redirectUri)) {
      const answer = await this.#fetch(at)
      const location = answer.headers.get('location')
      if (location === null) throw new Error(`${answer.status} ${await answer.text()}`)
      at = new URL(location, at).href
    }
    const code = new URL(at).searchParams.get('code')
    if (code === null) throw new Error(at)
    const answer = await this.#fetch(`${this.#issuer}/token`, {
      grant_type: 'authorization_code',
      client_id: OpenIdProvider.clientId,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      code,
    })
    const tokens = (await answer.json()) as { id_token: string; access_token: string }
    return { idToken: tokens.id_token, accessToken: tokens.access_token }
  }

  /** Resolves when the provider has told everybody. */
  async logOut(): Promise<void> {
    const page = await (await this.#fetch(`${this.#issuer}/session/end`)).text()
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1]
    if (xsrf === undefined) throw new Error(page)
    await this.#fetch(`${this.#issuer}/session/end/confirm`, { xsrf, logout: 'yes' })
  }

  async #fetch(url: string, form?: Record<string, string>): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return answer
  }
}
