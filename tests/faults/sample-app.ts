/** Answers every request with `VERSION WORD DYNO`; listens within some ten milliseconds. */
const server = `use IO::Socket::INET;
$SIG{TERM} = sub { exit 0 };
my $door = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 128, ReuseAddr => 1) or die $!;
my $body = join ' ', map { $_ // '' } @ENV{qw(VERSION WORD DYNO)};
while (1) {
  my $client = $door->accept or next;
  while (defined(my $line = <$client>)) { last if $line =~ /^\\r?\\n$/ }
  print $client "HTTP/1.1 200 OK\\r\\nContent-Length: " . length($body) . "\\r\\nConnection: close\\r\\n\\r\\n$body";
  close $client;
}
`

const dockerfile = (version: string, build = '') =>
  `FROM debian:trixie-slim\nWORKDIR /app\nCOPY . .\n${build}ENV VERSION=${version}\nCMD ["perl", "server.pl"]\n`

/** A tree whose image is this version: with web alone. */
export function imageOf(version: string): Record<string, string> {
  return { Dockerfile: dockerfile(version), 'server.pl': server }
}

/** The same to push, with a worker; `seconds` makes the build last. */
export function sourceOf(version: string, seconds = 0): Record<string, string> {
  return {
    Dockerfile: dockerfile(version, seconds === 0 ? '' : `RUN sleep ${seconds} && echo ${version}\n`),
    'server.pl': server,
    Procfile: 'web: exec perl server.pl\nworker: exec sleep 1000000\n',
  }
}
