/** A terminal on a TCP service, through the bridge. */

import { $, append, connect, element, showWay } from './page.js'

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
