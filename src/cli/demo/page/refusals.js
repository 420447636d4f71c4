/** Refusals on demand: what a page is told, and what the log says. */

import { $, element, socketUrl } from './page.js'
import { recordListeners } from './records.js'

async function answerTo(path) {
  const response = await fetch(path)
  return [`${response.status}`, (await response.text()).trim().slice(0, 80)]
}

/** Opens a WebSocket and waits for its end. */
function endOf(path, { opened = () => undefined, protocols = [] } = {}) {
  return new Promise((resolve) => {
    const socket = new WebSocket(socketUrl(path), protocols)
    socket.addEventListener('open', () => opened(socket))
    socket.addEventListener('close', ({ code, reason }) => {
      resolve([`${code}`, reason || 'and no reason'])
    })
  })
}

const tries = [
  {
    title: 'From a foreign page',
    text: 'A WebSocket to a route that takes pages of partner.example only.',
    path: '/partners',
    run: () => endOf('partners'),
  },
  {
    title: 'Too big a message',
    text: 'Two kilobytes where the route takes one.',
    path: '/small',
    run: () => endOf('small', { opened: (socket) => socket.send('x'.repeat(2048)) }),
  },
  {
    title: 'Text for raw bytes',
    text: 'A text message to a bridge that carries binary ones.',
    path: '/gatehouse',
    run: () => endOf('gatehouse', { opened: (socket) => socket.send('hello?') }),
  },
  {
    title: 'A language it does not speak',
    text: 'The bridge is offered the subprotocol “chess” alone.',
    path: '/gatehouse',
    run: () => endOf('gatehouse', { protocols: ['chess'] }),
  },
  {
    title: 'No WebSocket at all',
    text: 'A plain GET to the bridge.',
    path: '/gatehouse',
    run: () => answerTo('gatehouse'),
  },
  {
    title: 'A path with two readings',
    text: 'GET /chat%2F..%2Fpartners: which route is it?',
    path: '/chat%2F..%2Fpartners',
    run: () => answerTo('chat%2F..%2Fpartners'),
  },
  {
    title: 'Nobody behind it',
    text: 'A route whose upstream is down: told before the 101, not as a mystery after it.',
    path: '/broken',
    run: () => answerTo('broken'),
  },
]

/** The next record of a failure on this path. */
function failureRecord(path) {
  return new Promise((resolve) => {
    const done = (record) => {
      clearTimeout(late)
      recordListeners.delete(listen)
      resolve(record)
    }
    const listen = (record) => {
      if (record.path === path && record.error !== undefined) done(record)
    }
    const late = setTimeout(() => done(undefined), 3000)
    recordListeners.add(listen)
  })
}

let last = Promise.resolve()

for (const attempt of tries) {
  const row = element('div', '', 'try')
  const about = element('div')
  about.append(element('h3', attempt.title), element('p', attempt.text))
  const button = element('button', 'Try it')
  button.type = 'button'
  button.setAttribute('aria-label', `Try it: ${attempt.title}`)
  const told = element('output')
  const logged = element('output')
  row.append(about, button, told, logged)
  const attemptIt = async () => {
    const record = failureRecord(attempt.path)
    const [code, text] = await attempt.run().catch(() => ['none', 'the gateway did not answer'])
    told.replaceChildren(element('b', code), ` ${text}`)
    const found = await record
    if (found !== undefined) {
      const detail = found.detail === undefined ? '' : ` ${found.detail}`
      const label = [found.status, found.error].filter((part) => part !== undefined).join(' ')
      logged.replaceChildren(element('b', label), element('span', detail))
    }
    button.disabled = false
  }
  button.addEventListener('click', () => {
    button.disabled = true
    told.replaceChildren(element('span', '…'))
    logged.replaceChildren()
    // One after the other: attempts on one path tell their records apart by nothing else.
    last = last.then(attemptIt)
  })
  $('tries').append(row)
}
