/** The gateway's log, live. */

import { $, element, showState, size } from './page.js'

/** Called with every record that arrives. */
export const recordListeners = new Set()

function outcomeOf(record) {
  if (record.msg === 'session closed') {
    const failure = record.error === undefined ? '' : `, ${record.error}`
    return `${record.code} by ${record.closedBy}${failure}`
  }
  if (record.msg === 'refused') return [record.status, record.error].filter(Boolean).join(' ')
  if (record.msg === 'request') return `${record.status} ${record.method}`
  return record.upstream ?? ''
}

function trafficOf(record) {
  if (record.sent === undefined) return ''
  const took =
    record.durationMs < 1000
      ? `${record.durationMs} ms`
      : `${(record.durationMs / 1000).toFixed(1)} s`
  return `↑ ${size(record.received.bytes)} ↓ ${size(record.sent.bytes)} in ${took}`
}

function show(record) {
  const row = element('tr')
  const kind = { 'session opened': 'opened', 'session closed': 'closed', refused: 'refused' }[
    record.msg
  ]
  row.append(
    element('td', record.time.slice(11, 23)),
    element('td', record.msg, kind ?? ''),
    element('td', record.path ?? ''),
    element('td', outcomeOf(record), record.error === undefined ? '' : 'bad'),
    element('td', trafficOf(record)),
  )
  $('lines').prepend(row)
  if ($('lines').childElementCount > 100) $('lines').lastElementChild.remove()
}

const records = new EventSource('records')
records.addEventListener('open', () => {
  $('lines').replaceChildren()
  showState('records-state', 'open', 'streaming')
})
records.addEventListener('error', () => showState('records-state', 'closed', 'lost'))
records.addEventListener('message', (event) => {
  const record = JSON.parse(event.data)
  show(record)
  for (const listen of recordListeners) listen(record)
})
