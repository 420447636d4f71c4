import { readFileSync } from 'node:fs'
import { hash } from 'node:crypto'
import { hashSync } from 'bcrypt'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { TestAuthority } from '../support/client-certs.ts'
import { Scratch } from '../support/scratch.ts'

const docs = join(import.meta.dirname, '../../docs')
const scratch = new Scratch()

beforeAll(async () => {
  await scratch.certificate(['localhost'])
  scratch.write('partners.htpasswd', `ada:${hashSync('secret', 4)}\n`)
  scratch.write('api-keys.yaml', `- name: reports\n  sha256: ${hash('sha256', 'x')}\n`)
  scratch.write('clients-ca.crt', new TestAuthority('clients').cert)
})
afterAll(() => scratch.remove())

test.each(['basic', 'api-key', 'certificate', 'forward'])(
  'the example of docs/auth-%s.md is a configuration without a warning',
  async (method) => {
    const page = readFileSync(join(docs, `auth-${method}.md`), 'utf8')
    const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(page) ?? []
    const file = scratch.write(`${method}.yaml`, yaml.replaceAll('certs/', ''))
    const { config, warnings } = await loadConfig({ file, env: {} })
    expect(warnings).toEqual([])
    expect(config.routes[0]!.auth).toHaveLength(1)
  },
)
