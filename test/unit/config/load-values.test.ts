import { expect, test } from 'vitest'
import { complaints, edge, load, problems, routes } from './config-text.ts'

test('a reference in quotes is text, an unquoted one what YAML reads', async () => {
  const { config } = await load(`
listeners: { edge: { bind: "\${HOST}:\${PORT}" } }
upstreams: { app: { servers: ["http://app:\${PORT}"] } }
routes:
  - requireOrigin: \${FLAG}
    respond:
      status: \${STATUS}
  - respond: { status: 200, body: "\${PORT}" }
  - respond: { status: 200, body: "\${LIST}" }
`)
  expect(config.listeners['edge']!.bind).toEqual({ kind: 'tcp', host: 'localhost', port: 8443 })
  expect(config.routes.map(({ action }) => action)).toEqual([
    { kind: 'respond', status: 204, body: undefined },
    { kind: 'respond', status: 200, body: '8443' },
    { kind: 'respond', status: 200, body: '[a, b]' },
  ])
  expect(config.routes[0]!.requireOrigin).toBe(true)
})

test('what came from a reference is not shown', async () => {
  const text = `${edge}routes:\n  - proxy: \${SECRET}\n  - respond:\n      status: "\${STATUS}"\n  - respond:\n      status: \${UNSET}\n`
  const told = await problems(text)
  expect(told).toEqual([
    'edge.yaml:4:12: routes[0].proxy: found a value from ${SECRET}, expected the name of an upstream: app',
    'edge.yaml:6:15: routes[1].respond.status: found a value from ${STATUS}, expected a status from 200 to 599',
    'edge.yaml:8:15: routes[2].respond.status: found ${UNSET}, which is not set, expected a variable that is set, or a default: ${NAME:-default}',
  ])
})

test('what stands under a key that holds a secret is not shown', async () => {
  const text = `${edge}routes:
  - proxy: app
    token: hunter2
identity: { headers: { x-token: hunter2 } }
log: { level: "-----BEGIN PRIVATE KEY-----" }
`
  const told = await problems(text)
  expect(told).toHaveLength(3)
  expect(told.join('\n')).not.toMatch(/hunter2|BEGIN/)
})

test('an anchor stands for the same values again', async () => {
  const { config } = await load(`
listeners: { edge: { bind: "127.0.0.1:0" } }
routes:
  - limits: &small { message: 1KiB }
    respond: { status: 200 }
  - limits: *small
    respond: { status: 201 }
`)
  expect(config.routes.map(({ limits }) => limits.message.fromClient)).toEqual([1024, 1024])
})

test('aliases that stand for too much are told once', async () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < 9; level++) {
    lines.push(
      `a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`,
    )
  }
  const told = await problems(lines.join('\n'))
  expect(
    told.filter((line) => line.endsWith('found more than 100000 values, expected fewer')),
  ).toHaveLength(1)
})

test.each([
  ['log: &x { level: *x }', 'log.level: found an alias inside its own anchor'],
  ['log: { level: *x }', 'log.level: found an alias without its anchor'],
  ['log: { level: *.example }', 'log.level: found an alias without its anchor'],
])('refuses %s', async (section, message) => {
  const [first] = await complaints(`${edge}${routes}${section}\n`)
  expect(first).toBe(
    `${message}, expected an anchor before it, or quotes around a text that begins with *`,
  )
})

test('a reference inside a default is told where the value stands', async () => {
  const told = await problems(`${edge}routes:\n  - proxy: "\${UNSET:-\${SECRET}}"\n`)
  expect(told).toEqual([
    'edge.yaml:4:12: routes[0].proxy: found a reference inside a default, expected a default without references',
  ])
})
