import { describeCorpus } from './corpus/http-describe.ts'
import { expectations, nominations, twice, upgradeOffers } from './corpus/http-fields.ts'

describeCorpus({
  'an Expect': expectations,
  'a Connection': nominations,
  'an Upgrade': upgradeOffers,
  'a header that came twice': twice,
})
