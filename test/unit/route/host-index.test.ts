import { expect, test } from 'vitest'
import { HostIndex } from '../../../src/route/host-index.ts'

function index(): HostIndex<string> {
  const hosts = new HostIndex<string>()
  hosts.add(['app.example.com'], 'exact')
  hosts.add(['*.example.com'], 'below')
  hosts.add(['*.deep.example.com', 'other.test'], 'deep')
  hosts.add([], 'any')
  return hosts
}

test.each([
  ['app.example.com', ['exact', 'below', 'any']],
  ['x.example.com', ['below', 'any']],
  ['x.y.example.com', ['below', 'any']],
  ['x.deep.example.com', ['deep', 'below', 'any']],
  ['deep.example.com', ['below', 'any']],
  ['other.test', ['deep', 'any']],
  ['example.com', ['any']],
  ['.example.com', ['any']],
  ['xexample.com', ['any']],
  ['app.example.com.evil.test', ['any']],
  ['__proto__', ['any']],
  ['constructor', ['any']],
  ['', ['any']],
])('%s is found under %j', (host, found) => {
  expect(index().find(host).flat().toSorted()).toEqual(found.toSorted())
})

test('knows what is named, not what falls under any host', () => {
  const hosts = index()
  expect(hosts.knows('app.example.com')).toBe(true)
  expect(hosts.knows('x.y.example.com')).toBe(true)
  expect(hosts.knows('example.com')).toBe(false)
  expect(hosts.knows('')).toBe(false)
})

test('a name of a thousand labels costs no more than the patterns have', () => {
  const name = `${'a.'.repeat(8000)}deep.example.com`
  const start = performance.now()
  expect(index().find(name).flat()).toContain('deep')
  expect(performance.now() - start).toBeLessThan(500)
})
