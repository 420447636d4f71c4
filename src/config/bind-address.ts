import { parseHost, parsePort } from './host-name.ts'

/** Where a listener listens. `host` has no brackets; port 0 lets the system choose. */
export type BindAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** @returns undefined where `text` is not `host:port`, `[v6]:port` or `unix:/path` */
export function parseBind(text: string): BindAddress | undefined {
  if (text.startsWith('unix:')) {
    const path = parseUnixPath(text)
    return path === undefined ? undefined : { kind: 'unix', path }
  }
  const colon = text.lastIndexOf(':')
  if (colon === -1) return undefined
  const host = parseHost(text.slice(0, colon))
  const port = parsePort(text.slice(colon + 1), 0)
  if (host === undefined || port === undefined) return undefined
  return { kind: 'tcp', host: host.replace(/^\[|\]$/g, ''), port }
}

/** The address as it is written in the configuration. */
export function formatBind(bind: BindAddress): string {
  if (bind.kind === 'unix') return `unix:${bind.path}`
  return `${bind.host.includes(':') ? `[${bind.host}]` : bind.host}:${bind.port}`
}

/**
 * @returns the path of `unix:PATH`; undefined where there is none. `unix://…` is refused: it reads
 * like a host
 */
export function parseUnixPath(text: string): string | undefined {
  const path = text.slice('unix:'.length)
  return path === '' || path.startsWith('//') || path.includes('\0') ? undefined : path
}
