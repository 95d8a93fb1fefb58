import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rawText } from './raw-text.ts'

const place = { site: 'app-3', hosts: ['shop.test', '*.shop.test'], folders: ['/home/dokku/shop/'], prefix: 'app_shop_' }
const server = (more = '', listen = 'listen 80;', name = 'server_name shop.test;') => `server {\n${listen}\n${name}\n${more}\n}`
const refused = (text: string, message: RegExp) => assert.throws(() => rawText(text, place), { code: 'bad-template', message }, text)

test('a text for one site takes the site’s route, and leaves certificates and logs to the appliance', () => {
  const text = rawText(
    `${server('ssl_certificate /x;access_log off; location / { proxy_pass http://shop-5000; }')}\nupstream shop-5000 { server 0.0.0.1:5000; server 0.0.0.1:5001; }`,
    place,
  )
  assert.match(text, /server_name shop\.test;\n {2}set \$site app-3;\n {2}set \$route app-3;/)
  assert.match(text, /upstream shop-5000 \{ server 0\.0\.0\.1;\n {2}balancer_by_lua_block \{ balance\.balance\(true\) \} {2}\}/)
  assert.doesNotMatch(text, /ssl_certificate|access_log|5001/)
})

test('a text reads no file of anybody else, whatever way it is written', () => {
  for (const path of [
    '/etc/shadow',
    '"/etc/shadow"',
    '/home/dokku/shop/../other/x',
    '/home/dokku/shopper/x',
    '*',
    '/home/dokku/shop/$host',
  ])
    refused(server(`include ${path};`), /is not a file of the app/)
  refused(server('"include" /etc/shadow;'), /is no directive/)
  refused(server('inclu\\de /etc/shadow;'), /is no directive/)
  refused(server('root /;'), /is not a file of the app/)
  refused(server('location / { alias /var/lib/nginx-appliance/; }'), /is not a file of the app/)
  refused('map $host $app_shop_a { include /etc/shadow; }', /is not a file of the app/)
  refused('map $host $app_shop_a { "include" /etc/shadow; }', /is not a file of the app/)
  assert.doesNotThrow(() => rawText(server('include /home/dokku/shop/nginx.conf.d/*.conf;'), place))
})

test('a text runs no program in nginx and reaches no socket', () => {
  for (const words of [
    'content_by_lua_block { os.execute("id") }',
    'set_by_lua $a "return 1";',
    'js_content a;',
    'perl a;',
    'client_body_temp_path /x;',
    'proxy_cache_path /x;',
    'auth_basic_user_file /etc/shadow;',
    'ssl_password_file /x;',
    'proxy_store /x;',
    'stub_status;',
  ])
    refused(server(words), /is not for a template|is no directive|ends within/)
  refused(server('proxy_pass http://unix:/run/nginx-appliance/nginx.sock;'), /reaches no sockets/)
  refused('upstream a { server UNIX:/var/run/docker.sock; }', /reaches no sockets/)
  refused(server('set $a uni; proxy_pass http://$a:/run/nginx.sock;'), /depend on a variable/)
  refused(server('proxy_pass $http_x;'), /depend on a variable/)
  refused(server('set $route app-4;'), /the appliance's own/)
})

test('a text is for its own site only', () => {
  refused('client_max_body_size 1k;', /would be for all apps/)
  refused('server { listen 80; }', /no server_name/)
  refused(server('', 'listen 80;', 'server_name other.test;'), /other\.test is no domain of the app/)
  refused(server('', 'listen 80;', 'server_name ~.*;'), /is no domain/)
  refused(server('server_name other.test;'), /other\.test is no domain/)
  for (const listen of ['listen 80 default_server;', 'listen 80 proxy_protocol;', 'listen 80 ssl;', 'listen 443 ssl reuseport;'])
    refused(server('', listen), /for all apps that are served there/)
  refused(server('', ''), /no listen/)
  refused('map $http_upgrade $connection_upgrade { default x; }', /call it \$app_shop_/)
  refused('server { server { listen 80; server_name shop.test; } listen 80; server_name shop.test; }', /within a block/)
})

test('a text that is not whole is refused with the line', () => {
  for (const text of [
    'server {',
    'server }',
    '}',
    'server { listen 80; server_name "shop.test; }',
    'a',
    ';',
    '{ }',
    'server { listen 80 }',
    'a "b"c;',
  ])
    refused(text, /^line \d+: /)
  refused(`${'location / { '.repeat(50)}${'}'.repeat(50)}`, /too deep/)
  refused(`\n\nserver {\n listen 80;\n a b\n "c\n`, /^line 7: it ends within a word/)
})

test('a long text is read once, from its beginning to its end', () => {
  const many = 50_000
  const text = rawText(server('access_log off; gzip on;\n'.repeat(many)), place)
  assert.equal(text.match(/gzip on;/g)?.length, many)
  assert.doesNotMatch(text, /access_log/)
  refused(server(`${'gzip on;\n'.repeat(many)}include /x;`), /^line 50004: /)
})
