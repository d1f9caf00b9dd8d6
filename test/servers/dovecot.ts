/** A private Dovecot for tests: IMAP, LMTP with Sieve, SASL for Postfix, Maildirs, all below one folder. */
import { execFile } from 'node:child_process';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Certificate } from './certificate.ts';
import { type Daemon, greeted, SERVER_ENVIRONMENT, startDaemon } from './daemon.ts';
import type { Guard } from './guard.ts';
import type { Owner } from './system-users.ts';

export interface Account {
  /** Also the login name. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

export interface DovecotOptions {
  readonly root: string;
  readonly host: string;
  readonly ports: { readonly imap: number; readonly imaps: number };
  readonly certificate: Certificate;
  readonly accounts: readonly Account[];
  /** Folder of Postfix's queue where its services look for sockets. */
  readonly socketFolder: string;
  readonly mailOwner: Owner;
  /** Lines added at the end of the configuration. */
  readonly extra: string;
}

export interface Dovecot {
  start(): Promise<void>;
  /** Ends every session and frees the ports; mail stays. */
  stop(): Promise<void>;
  /** At once, for what is thrown away. */
  kill(): Promise<void>;
  /** Creates a mailbox, hierarchy separator `.`. */
  createFolder(account: Account, folder: string): Promise<void>;
  /** Installs the account's active Sieve script; rejects with the compiler's words when it is wrong. */
  sieve(account: Account, script: string): Promise<void>;
  maildir(account: Account): string;
}

const run = promisify(execFile);

export async function prepareDovecot(guard: Guard, options: DovecotOptions): Promise<Dovecot> {
  const folder = join(options.root, 'dovecot');
  const configFile = join(folder, 'dovecot.conf');
  const logFile = join(options.root, 'dovecot.log');
  const mailFolder = join(options.root, 'mail');
  const home = (account: Account) => join(mailFolder, account.username);
  await mkdir(folder);
  await mkdir(mailFolder);
  await chown(mailFolder, options.mailOwner.uid, options.mailOwner.gid);
  const passwords = options.accounts.map(({ username, password }) => `${username}:{PLAIN}${password}\n`);
  await writeFile(join(folder, 'passwd'), passwords.join(''), { mode: 0o644 });
  await writeFile(configFile, configuration(options, folder, logFile, mailFolder));
  let daemon: Daemon | null = null;
  return {
    maildir: (account) => join(home(account), 'Maildir'),
    async start() {
      if (daemon !== null) throw new Error('Dovecot runs already');
      daemon = startDaemon(guard, '/usr/sbin/dovecot', ['-F', '-c', configFile], join(options.root, 'dovecot.err'));
      await greeted(options.host, options.ports.imap, daemon, [join(options.root, 'dovecot.err'), logFile]);
    },
    async stop() {
      await daemon?.stop();
      daemon = null;
    },
    async kill() {
      await daemon?.kill();
      daemon = null;
    },
    async createFolder(account, name) {
      const args = ['-c', configFile, 'mailbox', 'create', '-s', '-u', account.username, name];
      await run('/usr/bin/doveadm', args, { env: SERVER_ENVIRONMENT });
    },
    async sieve(account, script) {
      const { uid, gid } = options.mailOwner;
      await mkdir(home(account), { recursive: true });
      await chown(home(account), uid, gid);
      const file = join(home(account), '.dovecot.sieve');
      await writeFile(file, script);
      // Compiled here: Dovecot compares whole seconds and would keep an older binary of the same second.
      await run('/usr/bin/sievec', ['-c', configFile, file], { env: SERVER_ENVIRONMENT });
      await chown(file, uid, gid);
      await chown(`${file.slice(0, -'.sieve'.length)}.svbin`, uid, gid);
    },
  };
}

function configuration(options: DovecotOptions, folder: string, logFile: string, mailFolder: string): string {
  const { host, certificate, mailOwner, socketFolder } = options;
  const socket = (name: string) =>
    `unix_listener ${join(socketFolder, name)} {\n    mode = 0660\n    user = postfix\n    group = postfix\n  }`;
  return `base_dir = ${join(folder, 'run')}
state_dir = ${join(folder, 'state')}
instance_name = provider
listen = ${host}
protocols = imap lmtp
log_path = ${logFile}
log_timestamp = "%Y-%m-%dT%H:%M:%S.%{usecs} "
ssl = yes
ssl_cert = <${certificate.certFile}
ssl_key = <${certificate.keyFile}
disable_plaintext_auth = no
auth_username_format = %Lu
auth_failure_delay = 0
mail_home = ${mailFolder}/%Lu
mail_location = maildir:~/Maildir
mail_uid = ${mailOwner.uid}
mail_gid = ${mailOwner.gid}
first_valid_uid = 1
first_valid_gid = 1
lda_mailbox_autocreate = yes
recipient_delimiter = +
mail_max_userip_connections = 1000
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%Lu ${join(folder, 'passwd')}
}
userdb {
  driver = static
  args = uid=${mailOwner.uid} gid=${mailOwner.gid} home=${mailFolder}/%Lu
}
namespace inbox {
  inbox = yes
  separator = .
  ${['Junk', 'Sent', 'Drafts', 'Trash'].map((name) => `mailbox ${name} {\n    special_use = \\${name}\n    auto = create\n  }`).join('\n  ')}
}
protocol lmtp {
  mail_plugins = sieve
}
plugin {
  sieve = file:~/.dovecot.sieve
}
service imap-login {
  inet_listener imap {
    port = ${options.ports.imap}
  }
  inet_listener imaps {
    port = ${options.ports.imaps}
    ssl = yes
  }
}
service lmtp {
  ${socket('dovecot-lmtp')}
}
service auth {
  ${socket('auth')}
}
# A wrong password must not slow the next logins from the same address down.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
${options.extra}
`;
}
