# SPDX-License-Identifier: GPL-2.0
"""The stored series, read as git reads it. Shared by scripts; not run."""
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATCHES = os.environ.get('PATCHES') or os.path.join(TOP, 'patches')
UPSTREAM = os.environ.get('UPSTREAM') or os.path.join(TOP, 'Documentation', 'upstream.tsv')
STATUS = ['counterpart', 'taken', 'not needed', 'open', 'later']
ENV = dict(os.environ, GIT_CONFIG_NOSYSTEM='1', GIT_CONFIG_GLOBAL='/dev/null')
sys.stdout.reconfigure(errors='backslashreplace')
COMMIT = re.compile(r'commit ([0-9a-f]{12}) \("([^"]+)"\)')


def die(text):
    sys.exit(f'{os.path.basename(sys.argv[0])}: {text}')


class Patch:
    """name of the file, its lines; subject and message as git mailinfo finds them,
    or error; trailers, the last paragraph of the message as git sees it, unfolded"""

    def __init__(self, name):
        self.name, self.number = name, name[:4]
        self.error = self.subject = self.message = ''
        self.info, self.trailers = {}, []
        with open(os.path.join(PATCHES, name), 'rb') as f:
            raw = f.read()
        self.text = raw.decode(errors='surrogateescape')
        with tempfile.TemporaryDirectory() as tmp:
            message, diff = (os.path.join(tmp, x) for x in ('message', 'diff'))
            run = subprocess.run(['git', 'mailinfo', '-b', message, diff], input=raw,
                                 capture_output=True, env=ENV, check=False)
            if run.returncode:
                self.error = run.stderr.decode(errors='replace').strip() or 'git mailinfo cannot read it'
                return
            with open(message, encoding='utf-8', errors='surrogateescape') as f:
                self.message = f.read()
            with open(diff, encoding='utf-8', errors='surrogateescape') as f:
                self.diff = f.read()
        self.info = dict(line.split(': ', 1) for line in run.stdout.decode().splitlines() if ': ' in line)
        self.subject = self.info.get('Subject', '')
        if re.search(r'^[A-Z][\w-]*: ', self.message, re.M):
            out = subprocess.run(['git', 'interpret-trailers', '--parse', '--unfold'], env=ENV, check=True,
                                 input=self.message.encode(errors='surrogateescape'), capture_output=True)
            self.trailers = out.stdout.decode(errors='replace').splitlines()

    def parts(self):
        """the message without the paragraph of trailers, and that paragraph"""
        paragraphs = re.split(r'\n\s*\n', self.message.strip('\n'))
        last = paragraphs.pop() if self.trailers else ''
        return '\n\n'.join(paragraphs), last

    def body(self):
        return self.parts()[0]

    def upstream(self):
        """what comes behind Upstream:, None if that is not all of the last paragraph"""
        if len(self.trailers) != 1 or not re.fullmatch(r'Upstream: .*(\n \S.*)*', self.parts()[1]):
            return None
        return self.trailers[0].split(': ', 1)[1]


def names():
    try:
        with open(os.path.join(PATCHES, 'series'), encoding='utf-8') as f:
            lines = (line.split('#')[0].rstrip() for line in f)
            return [line for line in lines if line]
    except OSError:
        die(f'no {PATCHES}/series')


def patches():
    """those that are there; lint says which are not"""
    return [Patch(n) for n in names() if os.path.isfile(os.path.join(PATCHES, n))]


def grammar(said):
    """(commits, how, what) of an Upstream: trailer, commits a list of (id, subject),
    how none, same or differs; None if it does not follow the grammar"""
    match = re.fullmatch(r'none, (.+)', said)
    if match:
        return [], 'none', match[1]
    one = COMMIT.pattern.replace('(', '(?:', 1).replace('([^', '(?:[^')
    match = re.fullmatch(rf'({one}(?: and {one})*), (?:(same)|differs: (.+))', said)
    if not match:
        return None
    commits = COMMIT.findall(match[1])
    if match[2] and len(commits) > 1:
        return None
    return commits, 'same' if match[2] else 'differs', match[3] or ''


def upstream():
    """the rows of Documentation/upstream.tsv: (line, [commit, subject, release, status, note])"""
    try:
        with open(UPSTREAM, encoding='utf-8') as f:
            return [(n, line.rstrip('\n').split('\t')) for n, line in enumerate(f, 1)
                    if line.strip() and not line.startswith('#')]
    except OSError as e:
        die(f'{UPSTREAM}: {e.strerror}')


class Findings:
    """What lint finds: a line each, with the rule in brackets at its end."""

    def __init__(self):
        self.number = 0

    def bad(self, rule, text):
        self.number += 1
        print(f'{text} [{rule}]')

    def end(self):
        sys.exit(1 if self.number else 0)
