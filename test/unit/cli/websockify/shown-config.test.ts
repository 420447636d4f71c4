import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { shownConfig } from '../../../../src/cli/websockify/shown-config.ts'

test.each([
  [{ http: { url: 'http://joe:hush@10.0.0.1/{token}' } }, 'http://[redacted]@10.0.0.1/{token}'],
  [{ http: { url: 'http://hush@10.0.0.1/{token}' } }, 'http://[redacted]@10.0.0.1/{token}'],
  [{ http: { url: 'http://a.example/?key=hush&t={token}' } }, '?key=[redacted]&t={token}'],
  [{ redis: { url: 'redis://:hush@10.0.0.1:6379/0' } }, 'redis://[redacted]@10.0.0.1:6379/0'],
  [{ redis: { host: '10.0.0.1', password: 'hush' } }, '${REDIS_PASSWORD}'],
])('%j is shown without what is secret in it', (lookup, shown) => {
  const text = shownConfig({ routes: [{ bridge: { targets: { lookup } } }] })
  expect(text).not.toContain('hush')
  expect(JSON.stringify(parse(text))).toContain(shown)
})
