/** A chat through the relay, and how long its frames take. */

import { $, append, connect, element, milliseconds, showWay, size } from './page.js'

const me = crypto.getRandomValues(new Uint32Array(1))[0].toString(36)
const waiting = new Map()
let chat
let lastId = 0
let sent = 0
let received = 0

function frame(direction, what, bytes) {
  const row = element('li')
  const [arrow, className, name] =
    direction === 'out' ? ['→', 'way-out', 'sent'] : ['←', 'way-in', 'received']
  const mark = element('span', arrow, className)
  mark.title = name
  row.append(mark, element('span', what, 'what'), element('span', size(bytes), 'size'))
  append($('frames'), row, 200)
}

function note(text) {
  const row = element('li', '', 'note')
  row.append(element('span', '·'), element('span', text, 'what'))
  append($('frames'), row, 200)
}

function count() {
  $('chat-sent').textContent = sent.toLocaleString('en')
  $('chat-received').textContent = received.toLocaleString('en')
}

/** Sends one message. @returns how long it took until the application's answer was here */
function roundTrip(data, key) {
  return new Promise((resolve) => {
    waiting.set(key, { at: performance.now(), resolve })
    chat.send(data)
    sent++
    count()
  })
}

function arrived(key) {
  const found = waiting.get(key)
  if (found === undefined) return
  waiting.delete(key)
  found.resolve(performance.now() - found.at)
}

async function say(text, quietly = false) {
  if (chat?.readyState !== WebSocket.OPEN) return undefined
  const id = `${me}-${++lastId}`
  const data = JSON.stringify({ kind: 'say', id, from: me, text })
  if (!quietly) {
    frame('out', text, new TextEncoder().encode(data).length)
    showWay()
  }
  const took = await roundTrip(data, id)
  $('rtt').textContent = milliseconds(took)
  return took
}

function heard(data) {
  received++
  count()
  if (typeof data !== 'string') {
    frame('in', 'the same bytes, back', data.byteLength)
    arrived('binary')
    return
  }
  const message = JSON.parse(data)
  const bytes = new TextEncoder().encode(data).length
  if (message.kind === 'tick')
    frame('in', `the app’s clock: ${message.time.slice(11, 19)} UTC`, bytes)
  else if (message.from !== me) frame('in', `${message.from}: ${message.text}`, bytes)
  else if (message.text !== '') frame('in', message.text, bytes)
  arrived(message.id)
}

connect('chat', {
  state: 'chat-state',
  opened(socket) {
    chat = socket
    note('101: connected through the relay')
    void say('hello')
  },
  message: heard,
  closed(event) {
    waiting.clear()
    note(`closed with ${event.code}${event.reason && ` “${event.reason}”`}; coming back`)
  },
})

$('chat-form').addEventListener('submit', (event) => {
  event.preventDefault()
  const text = $('chat-text').value.trim()
  if (text !== '') void say(text)
  $('chat-text').value = ''
})

async function sendBytes() {
  if (chat?.readyState !== WebSocket.OPEN) return
  const bytes = crypto.getRandomValues(new Uint8Array(65536))
  frame('out', 'random bytes', bytes.length)
  showWay()
  $('rtt').textContent = milliseconds(await roundTrip(bytes, 'binary'))
}

async function sendBurst() {
  $('chat-burst').disabled = true
  const times = []
  for (let trip = 0; trip < 100; trip++) times.push((await say('', true)) ?? 0)
  times.sort((a, b) => a - b)
  note(`100 round trips: median ${milliseconds(times[50])}, slowest ${milliseconds(times[99])}`)
  $('chat-burst').disabled = false
}

$('chat-binary').addEventListener('click', () => void sendBytes())
$('chat-burst').addEventListener('click', () => void sendBurst())
$('chat-close').addEventListener('click', () => chat?.close(4000, 'see the record below'))
