import { expect, test } from 'vitest'
import { configFromObject, loadConfig } from '../../../src/config/load.ts'
import { edge, load, problems, routes } from './config-text.ts'

test('JSON is read as well, with the same positions', async () => {
  const json = JSON.stringify(
    { listeners: { a: { bind: '[::1]:80' } }, routes: [{ redirect: 'https' }] },
    undefined,
    2,
  )
  const { config } = await load(json)
  expect(config.routes[0]!.action).toEqual({ kind: 'redirect', port: undefined })
  expect(await problems(json.replace('"[::1]:80"', '80'))).toEqual([
    'edge.yaml:4:15: listeners.a.bind: found 80, expected an address such as 0.0.0.0:8080, [::1]:8080 or unix:/path',
  ])
})

test('eight different mistakes are eight errors, in the order of the file', async () => {
  const text = `
workers: 4
listeners:
  edge:
    bind: 0.0.0.0
    bnd: 0.0.0.0:80
routes:
  - match: { path: chat }
    proxy: nobody
  - proxy: app
    bridge: app
timeouts: { idle: 10 }
upstreams: { app: { servers: [] } }
`
  expect(await problems(text)).toEqual([
    'edge.yaml:2:10: workers: found 4, expected 1: anything else is not supported yet',
    'edge.yaml:5:11: listeners.edge.bind: found 0.0.0.0, expected an address such as 0.0.0.0:8080, [::1]:8080 or unix:/path',
    'edge.yaml:6:5: listeners.edge.bnd: found an unknown key, expected bind',
    'edge.yaml:8:20: routes[0].match.path: found chat, expected a path such as /chat or /chat/*, in ASCII: no blank, escape, ;, ?, #, //, dot segment or other *',
    'edge.yaml:9:12: routes[0].proxy: found nobody, expected the name of an upstream: app',
    'edge.yaml:11:13: routes[1].bridge: found a second action beside proxy, expected exactly one of proxy, bridge, static, respond or redirect',
    'edge.yaml:12:19: timeouts.idle: found 10, expected a duration such as 500ms, 10s, 5m or 1h, above 0 and at most 596h, or none',
    'edge.yaml:13:30: upstreams.app.servers: found an empty list, expected at least one entry',
  ])
})

test('an unreadable file is one line', async () => {
  const missing = loadConfig({ file: 'not/there.yaml', env: {} })
  await expect(missing).rejects.toThrow(
    'not/there.yaml: found a file that does not exist, expected a configuration',
  )
  const folder = loadConfig({ file: import.meta.dirname, env: {} })
  await expect(folder).rejects.toThrow(
    `${import.meta.dirname}: found a file that is a folder, expected a configuration`,
  )
})

test('an object is checked like a file; its errors have paths only', async () => {
  const route = { proxy: 'app', name: undefined }
  const input = {
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: { app: { servers: ['http://app'] } },
    routes: [route],
  }
  const { config } = await configFromObject(input, { folder: '/etc' })
  expect(config).toStrictEqual((await load(edge + routes)).config)
  const wrong = {
    ...input,
    routes: [{ ...route, name: 'a b' }],
    log: { level: '${SECRET}' },
    workers: 2,
  }
  await expect(
    configFromObject(wrong, { folder: '/etc', env: { SECRET: 'hunter2' } }),
  ).rejects.toMatchObject({
    problems: [
      'workers: found 2, expected 1: anything else is not supported yet',
      'routes[0].name: found a b, expected a name of up to 64 letters, digits, dots, dashes and underscores',
      'log.level: found a value from ${SECRET}, expected trace, debug, info, warn, error, fatal or silent',
    ],
  })
})

test('an object without an environment has no references', async () => {
  const input = {
    listeners: { edge: { bind: '127.0.0.1:0' } },
    routes: [{ respond: { status: 200, body: '${X}' } }],
  }
  const { config } = await configFromObject(input, { folder: '/etc' })
  expect(config.routes[0]!.action).toMatchObject({ body: '${X}' })
})
