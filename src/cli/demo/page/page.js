/** What the parts of the demo's page share. */

export const $ = (id) => document.getElementById(id)
export const socketUrl = (path) => new URL(path, location.href.replace(/^http/, 'ws')).href

export function element(tag, text = '', className = '') {
  const made = document.createElement(tag)
  made.textContent = text
  made.className = className
  return made
}

export function showState(id, is, text) {
  $(id).dataset.is = is
  $(id).textContent = text
}

export function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(bytes < 10240 ? 1 : 0)} KiB`
}

export function milliseconds(ms) {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}

/** Follows what is appended, unless the reader has scrolled up. */
export function append(list, child, most = Infinity) {
  const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40
  list.append(child)
  while (list.childElementCount > most) list.firstElementChild.remove()
  if (follows) list.scrollTop = list.scrollHeight
}

/** A WebSocket that comes back a while after it has gone, as pages of applications have it. */
export function connect(path, { state, opened, message, closed }) {
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

/** Shows that something is on its way. */
export function showWay() {
  const way = document.querySelector('.way')
  way.classList.remove('moving')
  void way.offsetWidth // starts the animation anew
  way.classList.add('moving')
}
