import { expect, test } from 'vitest'
import { Serving } from '../../../src/gateway/serving.ts'
import { createLogger } from '../../../src/observe/logger.ts'
import { LineOutput } from '../observe/line-output.ts'

function serving(): { serving: Serving; output: LineOutput } {
  const output = new LineOutput()
  return { serving: new Serving(createLogger({ level: 'info', format: 'json', output })), output }
}

test('what goes on behind its request is active, and not begun again', async () => {
  const { serving: all } = serving()
  const request = Promise.withResolvers<void>()
  const session = Promise.withResolvers<void>()
  all.begin(request.promise)
  all.follow(session.promise)
  expect(all.activity).toEqual({ active: 2, begun: 1 })
  request.resolve()
  await request.promise
  expect(all.activity).toEqual({ active: 1, begun: 1 })
  session.resolve()
  await all.allOver()
  expect(all.activity).toEqual({ active: 0, begun: 1 })
})

test('where there is nothing, all is over', async () => {
  await serving().serving.allOver()
})

test('what is lost is told of, and over', async () => {
  const { serving: all, output } = serving()
  all.begin(Promise.reject(new Error('a bug')))
  await all.allOver()
  expect(output.lines).toMatchObject([{ level: 'error', msg: 'a record was lost' }])
  expect(all.activity.active).toBe(0)
})
