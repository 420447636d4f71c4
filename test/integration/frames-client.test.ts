import { describeFrames } from '../support/frame-suite.ts'

describeFrames('client')
