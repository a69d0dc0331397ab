"""Certificates made for the occasion, good and bad, by the `openssl` program.

Law: made in a folder of its own under the temporary directory, gone with the object; nothing of the machine's own keys
or trust is read or changed. A client that is to trust the authority is told its file (`SSL_CERT_FILE`).
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
import tempfile
import weakref
from pathlib import Path

NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1"
ELSEWHERE = "DNS:elsewhere.invalid"
DAYS = 2
PATIENCE_S = 30.0
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Certificate:
    """which: good, expired, wrong_host or self_signed.  All but the last are signed by an authority made for this.

    context: for a server.  authority: the file a client has to trust.  Raises ConnectionError: it cannot be made.
    """

    def __init__(self, which: str) -> None:
        self._here = Path(tempfile.mkdtemp(prefix="edge-agent-certificate-"))
        weakref.finalize(self, shutil.rmtree, self._here, ignore_errors=True)
        self.authority = self._here / "authority.pem"
        chain, key = self._here / "server.pem", self._here / "server.key"
        subject = ("-subj", "/CN=localhost")
        if which == "self_signed":
            self._make("req", "-x509", *_KEY, *subject, "-addext", f"subjectAltName={NAMES}", "-days", str(DAYS),
                       "-keyout", str(key), "-out", str(chain))  # fmt: skip
        else:
            self._sign(chain, key, ELSEWHERE if which == "wrong_host" else NAMES, -1 if which == "expired" else DAYS)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)

    def _sign(self, chain: Path, key: Path, names: str, days: int) -> None:
        """An authority, and a certificate by it. days: that it is valid from now on; less than 0: it was."""
        secret, asked = self._here / "authority.key", self._here / "asked.pem"
        said = self._here / "said.cnf"
        said.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        self._make("req", "-x509", *_KEY, "-subj", "/CN=edge-agent test authority", "-days", str(DAYS),
                   "-keyout", str(secret), "-out", str(self.authority))  # fmt: skip
        self._make("req", "-new", *_KEY, "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(asked))
        self._make("x509", "-req", "-in", str(asked), "-CA", str(self.authority), "-CAkey", str(secret),
                   "-set_serial", "2", "-days", str(days), "-extfile", str(said), "-out", str(chain))  # fmt: skip

    def _make(self, *words: str) -> None:
        what = "local-server: cannot make a certificate"
        try:
            subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=PATIENCE_S)
        except FileNotFoundError:
            raise ConnectionError(f"{what}: the program openssl is not installed (apt install openssl)") from None
        except subprocess.CalledProcessError as failure:
            last = failure.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise ConnectionError(f"{what}: openssl {words[0]}: {' '.join(last)}") from None
        except subprocess.TimeoutExpired:
            raise ConnectionError(f"{what}: openssl {words[0]} took longer than {PATIENCE_S:g} s") from None
