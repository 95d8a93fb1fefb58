import { applianceOf } from '../../../nginx/harness.ts'
import { stir } from '../../../nginx/turmoil.fixture.ts'
import { atMost, type Row } from '../row.ts'
import { inPlace } from '../side-by-side.ts'

/** What clients notice of all that an appliance goes through. */
export const zeroLoss: Row = {
  name: 'zero-loss',
  what: 'failed of 100,000 requests and more while everything changes',
  bar: atMost(0),
  gated: true,
  how: 'kept and fresh connections, TLS, uploads over a second and websockets at constant rates, during 1,000 route switches, 200 reloads, 150 sites and certificates that come and go, and 5 deaths of the API',
  async measure({ brief }) {
    const usual = { switches: 1000, reloads: 200, plain: 150, deaths: 5, requests: 100_000, factor: 3 }
    const turmoil = brief ? { ...usual, switches: 50, reloads: 10, plain: 10, deaths: 1, requests: 5000 } : usual
    const { requests, failures, kinds } = await inPlace(async (place) => await stir(await applianceOf(place), turmoil))
    const [first = ''] = failures
    const counted = Object.entries(kinds).map(([kind, count]) => `${count.toLocaleString('en')} ${kind}`)
    return { value: failures.length, said: `${requests.toLocaleString('en')} requests: ${counted.join(', ')}${first && `; ${first}`}` }
  },
}
