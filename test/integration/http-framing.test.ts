import { describeCorpus } from './corpus/http-describe.ts'
import { bothFramings, contentLengths, transferEncodings } from './corpus/http-framing.ts'

describeCorpus({
  'a length': contentLengths,
  'a transfer coding': transferEncodings,
  'both framings': bothFramings,
})
