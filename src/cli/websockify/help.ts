import { variableOf } from '../flags.ts'
import { specs } from './options.ts'
import { printConfig, sharedFlags } from './own-flags.ts'

/** What `drawbridge websockify --help` says. */
export function helpText(): string {
  const options = Object.entries(specs).map(([name, { kind, short, describe, ...spec }]) => {
    const why = spec.refused ?? spec.ignored
    const text = why === undefined ? describe : `${spec.refused ? 'refused' : 'ignored'}: ${why}`
    const value = kind === 'switch' ? '' : kind === 'seconds' ? ' SECONDS' : ' VALUE'
    return row(`${short === undefined ? '' : `-${short}, `}--${name}${value}`, text)
  })
  const own = Object.entries(sharedFlags).map(([name, { describe }]) =>
    row(`--${name} VALUE`, `${describe} [${variableOf(name)}]`),
  )
  return `drawbridge websockify [OPTIONS] [HOST:]PORT HOST:PORT

Takes the command line of websockify and does what it would have done. The configuration that it
comes to is shown on stderr. See docs/websockify.md for what differs.

Options of websockify:
${options.join('\n')}

Beside them:
${own.join('\n')}
${row(`--${printConfig}`, 'Print the configuration on stdout, and do nothing else')}
${row('-h, --help', 'Show this help')}
`
}

function row(option: string, text: string): string {
  return `  ${option.padEnd(30)} ${text}`
}
