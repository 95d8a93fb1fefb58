import type { ContainerInfo } from 'dockerode'
import { label } from '../container.ts'
import type { Instance } from '../instance.ts'
import { type Listener, listenersIn } from '../listening.ts'
import { type Check, type Finding, ok, warning } from './check.ts'

/** What is known of the ports of the machine. */
export interface PortFacts {
  containers: readonly Pick<ContainerInfo, 'Names' | 'Ports' | 'Labels'>[]
  listening: readonly Listener[]
  /** Those that the appliance listens on. */
  web: readonly number[]
  ssh: number
  /** How the appliance is reached; SSH is always published. */
  network: Instance['network']
  instance: string
}

/** Ports that others published for everybody, and what of the host apps reach beside us. */
export function portFindings({ containers, listening, web, ssh, network, instance }: PortFacts): Finding[] {
  const published = containers.flatMap(({ Names: names, Ports: ports, Labels: labels }) =>
    ports
      .filter(({ PublicPort, IP }) => PublicPort !== undefined && !(IP ?? '').startsWith('127.') && IP !== '::1')
      .map(({ PublicPort: port = 0 }) => ({ port, name: names[0]?.slice(1) ?? '', own: labels[label.instance] === instance })),
  )
  const foreign = published.filter(({ own }) => !own)
  const byContainer = Map.groupBy(foreign, ({ name }) => name)
  const known = new Set([...published.map(({ port }) => port), ...web, ssh])
  const open = [...new Set(listening.filter(({ address, port }) => address === '0.0.0.0' && !known.has(port)).map(({ port }) => port))]
  return [
    ok(whoSees(web, ssh, network)),
    ...[...byContainer].map(([name, of]) =>
      warning(
        `the container ${name} publishes ${numbers(of.map(({ port }) => port))} to everybody`,
        `Docker lets published ports past ufw and firewalld: docker run -p 127.0.0.1:PORT:PORT keeps one to the machine`,
      ),
    ),
    ...(open.length === 0
      ? []
      : [
          warning(
            `processes of the host listen on all addresses, where apps reach them: ${numbers(open)}`,
            'ufw and firewalld see these: let them listen on 127.0.0.1 only, or close them for the networks of apps; network:scan APP shows what an app reaches',
          ),
        ]),
  ]
}

/** Which of our own ports a firewall of the host decides about. */
function whoSees(web: readonly number[], ssh: number, network: Instance['network']): string {
  const past = 'published by Docker, which lets them past ufw and firewalld'
  if (network === 'published') return `${numbers([...web, ssh])} are ${past}`
  return `${numbers(web)} of the appliance are the host’s, where ufw and firewalld decide; ${numbers([ssh])} is ${past.replace('them', 'it')}`
}

function numbers(ports: readonly number[]): string {
  const sorted = [...new Set(ports)].sort((a, b) => a - b)
  return `${sorted.length === 1 ? 'port' : 'ports'} ${sorted.join(', ')}`
}

export const ports: Check = {
  name: 'ports',
  look: async (instance) => portFindings(await factsOf(instance)),
}

async function factsOf(instance: Instance): Promise<PortFacts> {
  const { name, httpPort, httpsPort, sshPort } = instance.settings
  const [containers, listening] = await Promise.all([instance.engine.listContainers(), listenersIn(instance, 'host')])
  return { containers, listening, web: [httpPort, httpsPort], ssh: sshPort, network: instance.network, instance: name }
}
