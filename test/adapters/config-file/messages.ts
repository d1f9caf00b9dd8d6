/** Each broken configuration under fixtures/ and exactly what is said of it, all of it, in the order of the file. */

/** `<file>` stands for the path the configuration was read from. */
export const MESSAGES: Readonly<Record<string, readonly string[]>> = {
  'invalid-address.yml': [
    'providers[0].submission.from must be an e-mail address such as probe@example.org, is Probe <probe@acme.example> (<file>:4)',
    'providers[0].mailbox.address must be an e-mail address such as probe@example.org, is probe@ (<file>:10)',
  ],
  'invalid-alias.yml': ['the file must be YAML: an alias (*) without an anchor (&) before it (<file>:2)'],
  'invalid-aliases.yml': ['the file must be YAML: more than 100 values by alias (<file>:1)'],
  'invalid-bounce-domain.yml': [
    "providers[0].mx.from must be at the sink's domain probe.example.org, or bounces are lost, is probe@acme.example (<file>:5)",
  ],
  'invalid-bracket.yml': [
    'the file must be YAML: Flow map in block collection must be sufficiently indented and end with a } (<file>:2)',
  ],
  'invalid-connectivity-cell.yml': [
    'connectivity.every must be 30s to 5m, is 5m1s (<file>:7)',
    'connectivity.control must be a list, is mx.example.net:25 (<file>:7)',
  ],
  'invalid-connectivity.yml': [
    'connectivity.every must be 30s to 5m, is 20s (<file>:8)',
    'connectivity.control[0] must be host:port such as mx.example.net:25, with a port of 1 to 65535, is mx.example.net (<file>:9)',
    'connectivity.control[1] must be host:port such as mx.example.net:25, with a port of 1 to 65535, is mx.example.net:0 (<file>:9)',
    'connectivity.control[2] must be host:port such as mx.example.net:25, with a port of 1 to 65535, is mx.example.net:65536 (<file>:9)',
    'connectivity.control[3] must be host:port such as mx.example.net:25, with a port of 1 to 65535, is 53 (<file>:9)',
    "connectivity.controls is not a known key, did you mean 'control'? (<file>:10)",
  ],
  'invalid-contract-name.yml': [
    'providers[0].contract must be the name of a contract, lower-case letters and digits with hyphens between, is Enterprise SLA (<file>:4)',
  ],
  'invalid-duplicate-key.yml': [
    'agent must be given only once (<file>:3)',
    'routes[0].path must be given only once (<file>:11)',
    'routes[0].every must be given only once (<file>:12)',
    'routes[0].every must be at least 10s, is 2s (<file>:12)',
  ],
  'invalid-duration-unit.yml': [
    'routes[0].every must be a duration such as 30s, 5m or 1h, is 2min (<file>:8)',
    'routes[0].min_gap must be a duration such as 30s, 5m or 1h, is 10 (<file>:9)',
    'routes[0].max_gap must be a duration such as 30s, 5m or 1h, is 1.5h (<file>:10)',
  ],
  'invalid-empty.yml': ['the file must not be empty (<file>:1)'],
  'invalid-encoding.yml': ['the file must be UTF-8 text (<file>)'],
  'invalid-host.yml': [
    'sink.hostname must be a host name such as probe.example.org, is probe_1 (<file>:1)',
    "sink.domain must be a host name such as probe.example.org, is '192.0.2.1' (<file>:1)",
    'providers[0].submission.host must be a host name or an IP address, is smtp.acme.example:587 (<file>:4)',
    'providers[0].submission.helo must be a host name or an address literal such as [192.0.2.1], is [192.0.2] (<file>:4)',
    'providers[0].submission.servername must be a host name such as probe.example.org, is *.acme.example (<file>:4)',
  ],
  'invalid-http.yml': [
    'http.names[1] must be a host name such as probe.example.org, is probe_1 (<file>:3)',
    'http.metrics.listen must be another port than http.listen, which listens on 127.0.0.1:9825, is 0.0.0.0:9825 (<file>:4)',
    'http.metrics.token must be {file: PATH} or {env: NAME}, a secret does not stand in this file (<file>:4)',
  ],
  'invalid-indentation.yml': ['the file must be YAML: All mapping items must start at the same column (<file>:3)'],
  'invalid-key-too-short.yml': ['key.file must hold at least 16 bytes, is 9 bytes (<file>:1)'],
  'invalid-limits.yml': [
    'agent must be 1 to 64 characters of printable ASCII, is probe\\u{7} (<file>:1)',
    'data_folder must not be empty (<file>:2)',
    'sink.recipients must be at most 64, is 65 (<file>:3)',
    'sink.reachability must be inbound or assumed, is maybe (<file>:3)',
    'providers must have at least one entry, is an empty list (<file>:4)',
  ],
  'invalid-list.yml': ['the file must be a map, is a list (<file>:1)'],
  'invalid-listen.yml': [
    'http.listen must be host:port such as 127.0.0.1:9825 or [::1]:9825, is 9825 (<file>:1)',
    'sink.listen must be host:port such as 127.0.0.1:9825 or [::1]:9825, is :2525 (<file>:2)',
  ],
  'invalid-login-half.yml': [
    'providers[0].submission.password is required beside username (<file>:4)',
    'providers[1].submission.username is required beside password (<file>:6)',
  ],
  'invalid-network.yml': [
    "providers[0].networks[1] must be a network such as 198.51.100.0/24 or 2001:db8::/32, is '198.51.100.7' (<file>:5)",
    'providers[0].networks[2] must be a network such as 198.51.100.0/24 or 2001:db8::/32, is 198.51.100.0/33 (<file>:5)',
  ],
  'invalid-one-mailbox.yml': [
    'providers[1].mailbox.username must be another account than that of providers[0].mailbox, is probe (<file>:15)',
  ],
  'invalid-one-port-by-default.yml': [
    'http.listen must be another port than sink.listen, which listens on 0.0.0.0:2525, is 127.0.0.1:2525 (<file>:1)',
  ],
  'invalid-one-port.yml': [
    'sink.listen must be another port than http.listen, which listens on 127.0.0.1:2525, is 0.0.0.0:2525 (<file>:4)',
  ],
  'invalid-order.yml': [
    'log.level must be debug, info, warn or error, is loud (<file>:1)',
    'routes[0].path needs mx in providers[0], is receive (<file>:3)',
    'routes[0].every must be at least 10s, is 2s (<file>:3)',
    'providers[0].mailbox.password.env must name an environment variable that is set, is NOT_SET (<file>:6)',
    'sink.listen must be another port than http.listen, which listens on 127.0.0.1:9825, is 0.0.0.0:9825 (<file>:7)',
    'colour is not a known key (<file>:8)',
  ],
  'invalid-plaintext.yml': [
    'providers[0].submission.security must be tls or starttls where a password leaves this host, unless allow_plaintext is true, is none (<file>:6)',
    'providers[0].mailbox.security must be tls or starttls where a password leaves this host, unless allow_plaintext is true, is none (<file>:11)',
  ],
  'invalid-port.yml': [
    'http.listen must have a port of at most 65535, is 127.0.0.1:99999 (<file>:1)',
    'providers[0].submission.port must be at least 1, is 0 (<file>:5)',
    'providers[0].mx.port must be at most 65535, is 65536 (<file>:6)',
    "providers[0].mailbox.port must be a whole number, is '993' (<file>:9)",
  ],
  'invalid-provider-name.yml': [
    'providers[0].name must be lower-case letters and digits with hyphens between, as it becomes a metric label, is Acme Mail (<file>:3)',
    'providers[1].name must be lower-case letters and digits with hyphens between, as it becomes a metric label, is -x (<file>:5)',
    'providers[2].name must be at most 63 characters, is aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa… (<file>:7)',
  ],
  'invalid-provider-twice.yml': ['providers[1].name must not be that of providers[0], is acme (<file>:5)'],
  'invalid-required-sections.yml': ['sink is required (<file>:1)', 'providers is required (<file>:1)'],
  'invalid-required.yml': [
    'sink.hostname is required (<file>:1)',
    'providers[0].name is required (<file>:4)',
    'providers[0].submission.host is required (<file>:5)',
    'providers[0].mailbox.host is required (<file>:7)',
    'providers[0].mailbox.username is required (<file>:7)',
    'providers[0].mailbox.password is required (<file>:7)',
    'providers[0].mailbox.address is required (<file>:7)',
    'routes[0].provider is required (<file>:9)',
    'routes[0].path is required (<file>:9)',
    'routes[0].every is required (<file>:9)',
  ],
  'invalid-retry-after.yml': [
    'providers[0].mx.retry_after[1] must be 1s to 24h, is 0s (<file>:5)',
    'providers[0].mx.retry_after[2] must be 1s to 24h, is 25h (<file>:5)',
    'providers[0].mx.retry_after[3] must be a duration such as 30s, 5m or 1h, is soon (<file>:5)',
  ],
  'invalid-route-gaps.yml': [
    'routes[0].min_gap must be at most every (2m), is 5m (<file>:15)',
    'routes[0].max_gap must be at least every (2m), is 1m (<file>:16)',
    'routes[1].min_gap must be at least 1s, is 0s (<file>:20)',
    'routes[1].max_gap must be at most 168h, is 200h (<file>:21)',
  ],
  'invalid-route-parts.yml': [
    'routes[0].path needs mx and mailbox in providers[0], is receive (<file>:8)',
    'routes[1].path needs mailbox in providers[0], is internal (<file>:9)',
    'routes[2].path needs submission in providers[1], is send (<file>:10)',
    'routes[3].path needs mx in providers[1], is receive (<file>:11)',
  ],
  'invalid-route-path.yml': ['routes[0].path must be send, receive or internal, is outbound (<file>:6)'],
  'invalid-route-provider.yml': [
    'routes[0].provider must be the name of a provider such as acme, is amce (<file>:6)',
    'routes[1].provider must be the name of a provider, is zebra (<file>:7)',
  ],
  'invalid-route-too-fast.yml': ['routes[2].every must be at least 10s, is 2s (<file>:16)'],
  'invalid-route-too-slow.yml': ['routes[0].every must be at most 24h, is 25h (<file>:6)'],
  'invalid-route-twice.yml': ['routes[1] must not repeat routes[0], is acme send (<file>:7)'],
  'invalid-second-document.yml': ['the file must be YAML: a second document begins (<file>:2)'],
  'invalid-secret-bad-variable.yml': [
    'providers[0].mailbox.password.env must be the name of an environment variable (<file>:9)',
  ],
  'invalid-secret-empty-file.yml': [
    'providers[0].mailbox.password.file must name a file that is not empty, is files/empty (<file>:9)',
  ],
  'invalid-secret-file.yml': [
    'http.token.file must hold one line of UTF-8 text (<file>:2)',
    'providers[0].mailbox.password.file must name a file that exists, is files/none (<file>:10)',
  ],
  'invalid-secret-in-braces.yml': ['providers[0].mailbox.password must have one of file and env (<file>:10)'],
  'invalid-secret-in-file.yml': [
    'providers[0].mailbox.password must be {file: PATH} or {env: NAME}, a secret does not stand in this file (<file>:9)',
  ],
  'invalid-secret-misspelt.yml': [
    "providers[0].mailbox.password must have one of file and env, did you mean 'env'? (<file>:9)",
  ],
  'invalid-secret-not-set.yml': [
    'http.token.env must name an environment variable that is set, is NOT_SET (<file>:2)',
    'providers[0].mailbox.password.env must name an environment variable that is not empty, is EMPTY (<file>:10)',
  ],
  'invalid-secret-twice.yml': [
    'key must have one of file and env (<file>:1)',
    'providers[0].mailbox.password must have one of file and env (<file>:10)',
  ],
  'invalid-sender-missing.yml': ['providers[0].submission.from is required where there is no mailbox (<file>:4)'],
  'invalid-sending.yml': [
    'sending.messages_per_day must be at least 885, which the routes can need in a day, is 884 (<file>:7)',
  ],
  'invalid-tab.yml': ['the file must be YAML: Tabs are not allowed as indentation (<file>:2)'],
  'invalid-tag.yml': ['the file must be YAML: a tag (!) that has no meaning here (<file>:1)'],
  'invalid-tls-files.yml': [
    'sink.tls.cert_file must name a file that exists, is files/none.pem (<file>:3)',
    'sink.tls.key_file must name a PEM file of an unencrypted private key, is files/password (<file>:3)',
    'providers[0].submission.ca_file must name a PEM file of certificates, is files/sink-key.pem (<file>:6)',
    'providers[0].mx.dkim.key_file must name a PEM file of an RSA private key of at least 1024 bits, is files/sink-key.pem (<file>:9)',
  ],
  'invalid-tls-pair.yml': [
    'sink.tls.key_file must name the private key of the certificate in sink.tls.cert_file, is files/other-key.pem (<file>:3)',
  ],
  'invalid-type.yml': [
    'agent must be text, is a list (<file>:1)',
    'http must be a map, is 9825 (<file>:2)',
    'sink.recipients must be a whole number, is four (<file>:3)',
    'providers[0] must be a map, is acme (<file>:5)',
    'providers[1].networks must be a list, is 198.51.100.0/24 (<file>:7)',
    'providers[1].submission.allow_plaintext must be true or false, is sometimes (<file>:8)',
    'providers[1].submission.port must be a whole number, is 587.5 (<file>:8)',
    'routes must be a list, is a map (<file>:9)',
    'log must be a map, is empty (<file>:10)',
  ],
  'invalid-unknown-key.yml': [
    "routes[0].evry is not a known key, did you mean 'every'? (<file>:8)",
    "routes[0].minGap is not a known key, did you mean 'min_gap'? (<file>:9)",
    'routes[0].colour is not a known key (<file>:10)',
  ],
  'invalid-unknown-section.yml': ['loging is not a known key (<file>:7)'],
};
