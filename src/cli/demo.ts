import { defineCommand } from './command.ts'

export const demo = defineCommand({
  usage: 'demo',
  summary: 'Serve a page that shows relay, bridge and refusals, with services of its own behind it',
  flags: {
    listen: { kind: 'text', describe: 'Where to listen; by default 127.0.0.1:8443' },
  },
  examples: [
    ['$0 demo', 'On https://localhost:8443'],
    ['$0 demo --listen 0.0.0.0:9443', 'For other machines too'],
  ],
  async run({ values, sources }) {
    const { runDemo } = await import('./demo/run-demo.ts')
    return await runDemo(values.listen ?? '127.0.0.1:8443', sources.listen ?? '--listen')
  },
})
