import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RouteTable } from '../../../src/route/route-table.ts'
import { edgeRequest, get, upgrade } from '../../support/edge-request.ts'

interface Named {
  readonly name: string
  readonly match: {
    readonly hosts: readonly string[]
    readonly paths: readonly string[]
    readonly websocket?: boolean
  }
}

function route(name: string, match: Partial<Named['match']> = {}): Named {
  return { name, match: { hosts: [], paths: [], ...match } }
}

function refused(token: string) {
  return expect.objectContaining({ name: 'GatewayError', token })
}

function find(table: RouteTable<Named>, host: string, path: string): string {
  return table.match(edgeRequest([`GET ${path} HTTP/1.1`, `Host: ${host}`])).name
}

const app = new RouteTable([
  route('chat', { paths: ['/chat'] }),
  route('admin', { paths: ['/api/admin/*'] }),
  route('api', { paths: ['/api/*', '/v1/*'] }),
  route('socket.io', { paths: ['/socket.io/*'] }),
  route('app', { paths: ['/*'] }),
])

describe('every reading finds the same route', () => {
  test.each([
    ['/', 'app'],
    ['/chat', 'chat'],
    ['/chat/', 'chat'],
    ['/api', 'api'],
    ['/v1/x', 'api'],
    ['/apix', 'app'],
    ['/api/projects/a%2Fb', 'api'],
    ['/api/v4/projects/group%2Fsub%2Fproject/repository/files/src%2Fmain%2Ec/raw', 'api'],
    ['/api/v4/projects/group%2Fproject/repository/files/dir%2F.gitignore', 'api'],
    ['/index.html', 'app'],
    ['/Assets/App-3fA9.JS', 'app'],
    ['/socket.io/', 'socket.io'],
    ['/caf%C3%A9/men%C3%BC', 'app'],
    ['/caf%E9', 'app'],
    ['/api/caf%C3%A9', 'api'],
    ['/v1/%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82', 'api'],
    ['/100%25', 'app'],
    ['/a%20b/c%20d', 'app'],
    ['/x;jsessionid=A1B2', 'app'],
    ['/map;v=1/tile;x=3', 'app'],
    ['/@scope%2fpkg', 'app'],
    ['/wiki/C%2B%2B', 'app'],
    ['/search/a%3Fb', 'app'],
    ['/tag/%23news', 'app'],
    ['/~user/', 'app'],
    ['/a//b', 'app'],
    ['/api//users', 'api'],
    ['/.well-known/acme-challenge/x', 'app'],
    ['/v1/objects/gs:%2F%2Fbucket%2Fobj', 'api'],
    ['/proxy/https://example.com/x', 'app'],
    ['/file.', 'app'],
    ['/%E6%97%A5%E6%9C%AC', 'app'],
    ['/emoji/%F0%9F%98%80', 'app'],
    ['/a/./b', 'app'],
    ["/odata/Users('x')", 'app'],
    ['/double/%252F', 'app'],
    ['/r/aHR0cHM6Ly9leGFtcGxlLmNvbQ%3D%3D', 'app'],
    ['/a%5Cb', 'app'],
  ])('%s: %s', (target, name) => {
    expect(app.match(get(target)).name).toBe(name)
  })

  test.each(
    [
      '/Chat',
      '/CHAT',
      '/ch%61t',
      '/%63hat',
      '/chat%2f',
      '/chat;x',
      '/chat%3bx',
      '/chat.',
      '/chat%20',
      '/chat%3f',
      '/chat%23',
      '/chat::$DATA',
      '//chat',
      '//x/chat',
      '/./chat',
      '/;/chat',
      '/api%2fadmin',
      '/api/ADMIN/x',
      '/api/%61dmin',
      '/api/adm%69n/x',
      '/api//admin/x',
      '/api/;x/admin',
      '/api/x%2f..%2fadmin',
      '/api/%2e%2e/chat',
      '/api/../chat',
      '/api/..;/chat',
      '/api\\admin',
      '/api%5cadmin',
      '/api%255cadmin',
      '/\xef\xbc\x8fapi',
    ].filter((target) => target !== '/x//api' && target !== '/ap%C4%B1'),
  )('%j does not', (target) => {
    expect(() => app.match(get(target))).toThrow(refused('path-ambiguous'))
  })

  test.each(['/a/../b', '/%00', '/%', '/a\\b'])(
    '%j is refused where any path is taken',
    (target) => {
      const table = new RouteTable([route('all')])
      expect(() => table.match(get(target))).toThrow(refused('path-ambiguous'))
    },
  )

  test('one reading that finds no route is one too many', () => {
    const table = new RouteTable([route('private', { paths: ['/private/*'] })])
    expect(() => table.match(get('/PRIVATE/x'))).toThrow(refused('path-ambiguous'))
    expect(() => table.match(get('/private/..;/x'))).toThrow(refused('path-ambiguous'))
    expect(() => table.match(get('/public'))).toThrow(refused('route-missing'))
  })

  test('a pattern in capitals guards what a backend that folds serves', () => {
    const table = new RouteTable([route('guarded', { paths: ['/Admin/*'] }), route('rest')])
    expect(table.match(get('/Admin/x')).name).toBe('guarded')
    expect(table.match(get('/public')).name).toBe('rest')
    for (const path of ['/admin/x', '/ADMIN/x', '/%41dmin/x', '/admin']) {
      expect(() => table.match(get(path))).toThrow(refused('path-ambiguous'))
    }
  })

  test('two spellings that lead to one route anyway pass', () => {
    const table = new RouteTable([route('a', { paths: ['/private/*', '/*'] })])
    expect(table.match(get('/PRIVATE/x')).name).toBe('a')
  })
})

describe('a host', () => {
  const table = new RouteTable([
    route('exact', { hosts: ['app.example.com'], paths: ['/x'] }),
    route('below', { hosts: ['*.example.com'] }),
    route('literal', { hosts: ['127.0.0.1', '[::1]'] }),
    route('late', { hosts: ['app.example.com'] }),
  ])

  test.each([
    ['app.example.com', '/x', 'exact'],
    ['APP.example.com.:8443', '/x', 'exact'],
    ['app.example.com', '/y', 'below'],
    ['a.b.example.com', '/x', 'below'],
    ['127.0.0.1:1234', '/', 'literal'],
    ['[0:0::1]', '/', 'literal'],
  ])('%s finds for %s the first route: %s', (host, path, name) => {
    expect(table.match(edgeRequest([`GET ${path} HTTP/1.1`, `Host: ${host}`])).name).toBe(name)
  })

  test.each(['example.com', 'xexample.com', 'app.example.com.evil.test', '127.0.0.2'])(
    '%s finds none',
    (host) => {
      const request = edgeRequest(['GET / HTTP/1.1', `Host: ${host}`])
      expect(() => table.match(request)).toThrow(refused('route-missing'))
    },
  )

  test('that HTTP/1.0 does not send finds only routes without one', () => {
    const request = edgeRequest(['GET / HTTP/1.0'])
    expect(() => table.match(request)).toThrow(refused('route-missing'))
    const open = new RouteTable([route('below', { hosts: ['*.example.com'] }), route('any')])
    expect(open.match(request).name).toBe('any')
  })

  test('is known where a route names it', () => {
    expect(table.knowsHost('app.example.com')).toBe(true)
    expect(table.knowsHost('x.example.com')).toBe(true)
    expect(table.knowsHost('evil.test')).toBe(false)
    expect(new RouteTable([route('any')]).knowsHost('app.example.com')).toBe(false)
  })
})

test('websocket: true takes upgrades only, false plain requests only', () => {
  const table = new RouteTable([
    route('upgrades', { websocket: true }),
    route('requests', { websocket: false }),
  ])
  expect(table.match(upgrade()).name).toBe('upgrades')
  expect(table.match(get('/')).name).toBe('requests')
  const none = new RouteTable([route('upgrades', { websocket: true })])
  expect(() => none.match(get('/'))).toThrow(refused('route-missing'))
})

test.each([1, 99, 101, 10_000])('the first match wins among %i hosts', (count) => {
  const routes = Array.from({ length: count }, (_, at) =>
    route(`${at}`, { hosts: [`h${at}.example.com`, `*.s${at}.example.com`], paths: ['/x/*'] }),
  )
  const table = new RouteTable([...routes, route('rest')])
  fc.assert(
    fc.property(fc.nat({ max: count - 1 }), (at) => {
      expect(find(table, `H${at}.example.com.`, '/x/y')).toBe(`${at}`)
      expect(find(table, `a.s${at}.example.com`, '/x')).toBe(`${at}`)
      expect(find(table, `h${at}.example.com`, '/y')).toBe('rest')
    }),
    { numRuns: 20 },
  )
})
