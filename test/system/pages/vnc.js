import RFB from './novnc/core/rfb.js'

/** The smallest page around noVNC: it connects to the bridge beside it and keeps what happens for the test to ask. */
const url = new URL('websockify', location.href.replace(/^http/, 'ws'))
const rfb = new RFB(document.getElementById('screen'), url.href)
const events = []
for (const type of ['connect', 'desktopname', 'securityfailure', 'disconnect', 'clipboard']) {
  rfb.addEventListener(type, ({ detail }) => events.push({ type, ...detail }))
}

/** The colour of a place of the desktop as it was drawn. */
function pixel(x, y) {
  const { data } = document.querySelector('canvas').getContext('2d').getImageData(x, y, 1, 1)
  return [...data.subarray(0, 3)]
}

globalThis.desktop = { rfb, events, pixel }
