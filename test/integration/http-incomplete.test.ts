import { describeCorpus } from './corpus/http-describe.ts'
import { incomplete } from './corpus/http-fields.ts'

describeCorpus({ 'an input that ends too early': incomplete }, { fin: true })
