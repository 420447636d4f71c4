import { describeCorpus } from './corpus/http-describe.ts'
import { headerLines, limits, startLines } from './corpus/http-lines.ts'

describeCorpus(
  {
    'a start line': startLines,
    'a header line': headerLines,
    'a limit of the head': limits,
  },
  { tlsEvery: 4 },
)
