/** What a client names in SNI, and whose certificate it gets: the first is `first`'s. */
export interface NamedServer {
  readonly servername: string | undefined
  readonly certificate: 'first' | 'app' | 'wild'
}

export const serverNames: readonly NamedServer[] = [
  { servername: undefined, certificate: 'first' },
  { servername: 'first.example', certificate: 'first' },
  { servername: 'unknown.example', certificate: 'first' },
  { servername: 'app.example', certificate: 'app' },
  { servername: 'APP.EXAMPLE', certificate: 'app' },
  { servername: 'App.Example', certificate: 'app' },
  { servername: 'app.example.', certificate: 'app' },
  { servername: 'APP.example.', certificate: 'app' },
  { servername: 'aPP.eXAMPLE.', certificate: 'app' },
  { servername: 'other.app.example', certificate: 'first' },
  { servername: 'example', certificate: 'first' },
  { servername: 'xapp.example', certificate: 'first' },
  { servername: 'app.example.evil.example', certificate: 'first' },
  { servername: 'second.app-names.example', certificate: 'app' },
  { servername: 'a.wild.example', certificate: 'wild' },
  { servername: 'A.WILD.Example.', certificate: 'wild' },
  { servername: 'a-b.wild.example', certificate: 'wild' },
  { servername: 'a.b.wild.example', certificate: 'first' },
  { servername: 'wild.example', certificate: 'first' },
  { servername: '*.wild.example', certificate: 'wild' },
  { servername: 'own.wild.example', certificate: 'app' },
  { servername: '__proto__', certificate: 'first' },
  { servername: 'constructor', certificate: 'first' },
  { servername: '.', certificate: 'first' },
  { servername: '..', certificate: 'first' },
  { servername: '.wild.example', certificate: 'first' },
  { servername: 'app.example..', certificate: 'first' },
  { servername: 'a b', certificate: 'first' },
  { servername: 'a'.repeat(250), certificate: 'first' },
]
