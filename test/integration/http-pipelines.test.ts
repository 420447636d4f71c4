import { describeCorpus } from './corpus/http-describe.ts'
import { pipelines } from './corpus/http-pipelines.ts'

// Cut into bytes they would be requests one after the other.
describeCorpus({ 'several requests at once': pipelines }, { cut: false })
