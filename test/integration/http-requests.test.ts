import { describeCorpus } from './corpus/http-describe.ts'
import { hosts, methods, targets } from './corpus/http-requests.ts'

describeCorpus({ 'a Host': hosts, 'a method': methods, 'a target': targets }, { tlsEvery: 4 })
