import { describeCorpus } from './corpus/http-describe.ts'
import { endlessChunks, plainChunks, strangeChunks } from './corpus/http-chunks.ts'

describeCorpus(
  {
    'a strange chunk': strangeChunks,
    'a plain chunk': plainChunks,
    'an endless chunk': endlessChunks,
  },
  { tlsEvery: 4 },
)
