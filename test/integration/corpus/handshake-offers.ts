/** What a client offers, and what the upstream gets of it. One text is one header line. */
export interface Offer {
  readonly name: string
  readonly offered: readonly string[]
  /** The one line that goes out; undefined for none. */
  readonly passed: string | undefined
  /** What the upstream answers. */
  readonly answer?: string
}

export const protocolOffers: readonly Offer[] = [
  { name: 'none', offered: [], passed: undefined },
  { name: 'one, not chosen', offered: ['chat'], passed: 'chat' },
  { name: 'one, chosen', offered: ['chat'], passed: 'chat', answer: 'chat' },
  { name: 'a list, the first chosen', offered: ['a, b, c'], passed: 'a, b, c', answer: 'a' },
  { name: 'a list, the last chosen', offered: ['a, b, c'], passed: 'a, b, c', answer: 'c' },
  { name: 'a list without blanks', offered: ['a,b,c'], passed: 'a, b, c', answer: 'b' },
  { name: 'a list with tabs', offered: ['\ta\t,\tb\t'], passed: 'a, b', answer: 'b' },
  { name: 'empty elements', offered: [',a,, b,'], passed: 'a, b', answer: 'a' },
  { name: 'several lines', offered: ['a', 'b, c', 'd'], passed: 'a, b, c, d', answer: 'd' },
  {
    name: 'names that differ by case',
    offered: ['Chat, chat'],
    passed: 'Chat, chat',
    answer: 'Chat',
  },
  {
    name: 'every character of a token',
    offered: ["!#$%&'*+-.^_`|~09azAZ"],
    passed: "!#$%&'*+-.^_`|~09azAZ",
    answer: "!#$%&'*+-.^_`|~09azAZ",
  },
  { name: 'many', offered: [many(50)], passed: many(50), answer: 'p49' },
]

const deflate = 'permessage-deflate'

export const extensionOffers: readonly Offer[] = [
  { name: 'none', offered: [], passed: undefined },
  { name: 'deflate, declined', offered: [deflate], passed: deflate },
  { name: 'deflate, agreed', offered: [deflate], passed: deflate, answer: deflate },
  {
    name: 'as Chrome offers it',
    offered: [`${deflate}; client_max_window_bits`],
    passed: `${deflate}; client_max_window_bits`,
    answer: `${deflate}; client_max_window_bits=12`,
  },
  {
    name: 'all parameters',
    offered: [
      `${deflate}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11`,
    ],
    passed: `${deflate}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11`,
    answer: `${deflate}; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9`,
  },
  {
    name: 'quoted values',
    offered: [`${deflate}; server_max_window_bits="10"`],
    passed: `${deflate}; server_max_window_bits=10`,
    answer: `${deflate}; server_max_window_bits=9`,
  },
  {
    name: 'quoted and escaped values',
    offered: [`${deflate}; server_max_window_bits="1\\0"`],
    passed: `${deflate}; server_max_window_bits=10`,
    answer: `${deflate}; server_max_window_bits=10`,
  },
  {
    name: 'no blanks',
    offered: [`${deflate};server_max_window_bits=10;client_max_window_bits`],
    passed: `${deflate}; server_max_window_bits=10; client_max_window_bits`,
    answer: `${deflate}; server_max_window_bits=10`,
  },
  {
    name: 'blanks everywhere',
    offered: [`\t${deflate} ;\tserver_max_window_bits = 10 `],
    passed: `${deflate}; server_max_window_bits=10`,
    answer: `${deflate}; server_max_window_bits=10`,
  },
  {
    name: 'fallbacks in one line',
    offered: [`${deflate}; server_max_window_bits=10, ${deflate}`],
    passed: `${deflate}; server_max_window_bits=10, ${deflate}`,
    answer: deflate,
  },
  {
    name: 'fallbacks on two lines',
    offered: [`${deflate}; server_max_window_bits=8`, `${deflate}; server_max_window_bits=12`],
    passed: `${deflate}; server_max_window_bits=8, ${deflate}; server_max_window_bits=12`,
    answer: `${deflate}; server_max_window_bits=11`,
  },
  { name: 'another extension alone', offered: ['x-webkit-deflate-frame'], passed: undefined },
  {
    name: 'others before and behind',
    offered: [`bbf-usp-protocol, ${deflate}, mux; max=4`],
    passed: deflate,
    answer: deflate,
  },
  {
    name: 'another with quoted commas around',
    offered: [`foo; bar="baz", ${deflate}`],
    passed: deflate,
    answer: deflate,
  },
  {
    name: 'another on a line of its own',
    offered: ['foo', deflate, 'bar'],
    passed: deflate,
    answer: deflate,
  },
  {
    name: 'deflate with an unknown parameter',
    offered: [`${deflate}; strategy=fast`],
    passed: undefined,
  },
  {
    name: 'deflate with a parameter twice',
    offered: [`${deflate}; server_max_window_bits=9; server_max_window_bits=10`],
    passed: undefined,
  },
  {
    name: 'deflate with a window of 7',
    offered: [`${deflate}; server_max_window_bits=7`],
    passed: undefined,
  },
  {
    name: 'deflate with a window of 16',
    offered: [`${deflate}; client_max_window_bits=16`],
    passed: undefined,
  },
  {
    name: 'deflate with a window of 010',
    offered: [`${deflate}; client_max_window_bits=010`],
    passed: undefined,
  },
  {
    name: 'a bad offer before a good one',
    offered: [`${deflate}; strategy=fast, ${deflate}`],
    passed: deflate,
    answer: deflate,
  },
]

/** On a bridge that knows `binary` and `base64`, in this order. */
export const bridgeOffers: readonly {
  name: string
  offered: readonly string[]
  chosen: string | undefined
}[] = [
  { name: 'none', offered: [], chosen: undefined },
  { name: 'its own', offered: ['binary'], chosen: 'binary' },
  { name: 'its own among others', offered: ['mqtt, binary, chat'], chosen: 'binary' },
  {
    name: 'two of its own, in the order of the client',
    offered: ['base64, binary'],
    chosen: 'base64',
  },
  { name: 'its own on a second line', offered: ['chat', 'binary'], chosen: 'binary' },
]

export const foreignBridgeOffers: readonly (readonly string[])[] = [
  ['mqtt'],
  ['Binary'],
  ['binary2'],
  ['mqtt, chat'],
  ['mqtt', 'chat'],
]

function many(count: number): string {
  return Array.from({ length: count }, (_, at) => `p${at}`).join(', ')
}
