/** The demo's page: a chat through the relay, a terminal through the bridge, refusals on demand, and the gateway's log. */

const $ = (id) => document.getElementById(id)
const socketUrl = (path) => new URL(path, location.href.replace(/^http/, 'ws')).href

function element(tag, text = '', className = '') {
  const made = document.createElement(tag)
  made.textContent = text
  made.className = className
  return made
}

function showState(id, is, text) {
  $(id).dataset.is = is
  $(id).textContent = text
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(bytes < 10240 ? 1 : 0)} KiB`
}

function milliseconds(ms) {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}

/** Follows what is appended, unless the reader has scrolled up. */
function append(list, child, most = Infinity) {
  const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40
  list.append(child)
  while (list.childElementCount > most) list.firstElementChild.remove()
  if (follows) list.scrollTop = list.scrollHeight
}

/** A WebSocket that comes back a while after it has gone, as pages of applications have it. */
function connect(path, { state, opened, message, closed }) {
  const socket = new WebSocket(socketUrl(path))
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('open', () => {
    showState(state, 'open', 'open')
    opened(socket)
  })
  socket.addEventListener('message', (event) => message(event.data))
  socket.addEventListener('close', (event) => {
    showState(state, 'closed', `closed ${event.code}${event.reason && `: ${event.reason}`}`)
    closed(event)
    setTimeout(() => connect(path, { state, opened, message, closed }), 2500)
  })
}

// -- relay --------------------------------------------------------------------------------------------------------

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

function showWay() {
  const way = document.querySelector('.way')
  way.classList.remove('moving')
  void way.offsetWidth // starts the animation anew
  way.classList.add('moving')
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

// -- bridge -------------------------------------------------------------------------------------------------------

const decoder = new TextDecoder()
let gate

function print(text, typed = false) {
  append($('screen'), typed ? element('b', text) : document.createTextNode(text))
}

connect('gatehouse', {
  state: 'gate-state',
  opened(socket) {
    gate = socket
    $('screen').textContent = ''
  },
  message: (data) => print(decoder.decode(data, { stream: true })),
  closed: (event) => print(`\n[closed ${event.code}]\n`),
})

$('gate-form').addEventListener('submit', (event) => {
  event.preventDefault()
  const line = `${$('gate-text').value}\n`
  $('gate-text').value = ''
  if (gate?.readyState !== WebSocket.OPEN) return
  print(line, true)
  gate.send(new TextEncoder().encode(line))
  $('screen').scrollTop = $('screen').scrollHeight
  showWay()
})

// -- refusals -----------------------------------------------------------------------------------------------------

const recordListeners = new Set()

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
    button.disabled = true
    told.replaceChildren(element('span', '…'))
    logged.replaceChildren()
    const record = failureRecord(attempt.path)
    const [code, text] = await attempt.run()
    told.replaceChildren(element('b', code), ` ${text}`)
    const found = await record
    if (found !== undefined) {
      const detail = found.detail === undefined ? '' : ` ${found.detail}`
      const label = [found.status, found.error].filter((part) => part !== undefined).join(' ')
      logged.replaceChildren(element('b', label), element('span', detail))
    }
    button.disabled = false
  }
  button.addEventListener('click', () => void attemptIt())
  $('tries').append(row)
}

// -- records ------------------------------------------------------------------------------------------------------

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
