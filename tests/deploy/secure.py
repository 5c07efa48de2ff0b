"""A broker as careful owners run it: TLS everywhere, SCRAM, OAUTHBEARER and client certificates, ACLs for everybody."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import orjson
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.broker import LocalBroker, free_port
from deploy.children import Child
from pipeline.errors import Transient
from pipeline.kafka import Broker
from pipeline.settings import KafkaSettings

PASSWORD = "correct horse"
AUDIENCE, ISSUER = "kafka", "https://idp.example"


@dataclass(frozen=True)
class Papers:
    """Certificates and keys of one deployment, in a folder."""

    folder: Path
    authority: trustme.CA
    signing: rsa.RSAPrivateKey

    @classmethod
    def make(cls, folder: Path) -> Papers:
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder, trustme.CA(), rsa.generate_private_key(public_exponent=65537, key_size=2048))
        made.authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        key = orjson.loads(jwt.algorithms.RSAAlgorithm.to_jwk(made.signing.public_key()))
        (folder / "jwks.json").write_bytes(
            orjson.dumps({"keys": [{**key, "kid": "one", "use": "sig", "alg": "RS256"}]})
        )
        made.certificate("broker")
        return made

    def certificate(self, name: str) -> Path:
        """Return a file with a certificate of this name and its key, as Java reads it too."""
        issued = self.authority.issue_cert("127.0.0.1", "localhost", common_name=name)
        key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
        plain = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = self.folder / f"{name}.pem"
        file.write_bytes(plain + b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        return file

    def token(self, name: str, seconds: float = 300.0) -> str:
        """Return a token of this name, as the identity provider would sign it."""
        now = int(time.time())
        claims = {"sub": name, "aud": AUDIENCE, "iss": ISSUER, "iat": now, "exp": now + int(seconds)}
        return jwt.encode(claims, self.signing, "RS256", {"kid": "one"})


class SecureBroker(LocalBroker):
    """The real broker with `StandardAuthorizer`; what no ACL allows is forbidden.

    Args:
        folder: its data.
        settings: jars and heap.
        papers: its certificates.
        users: who can log in by SCRAM, all with `PASSWORD`.
    """

    def __init__(self, folder: Path, settings: KafkaSettings, papers: Papers, users: list[str]) -> None:
        super().__init__(folder, settings)
        self._papers, self._users, self._tls = papers, users, free_port()
        keys = (papers.folder / "jwks.json").as_uri()
        self.child = Child(
            "kafka",
            self._command("kafka.Kafka", self._file),
            log=folder / "broker.log",
            environment={"JAVA_TOOL_OPTIONS": f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={keys}"},
        )

    def scram(self, user: str) -> KafkaSettings:
        """Return the settings of somebody with a password."""
        return KafkaSettings(
            bootstrap=self.bootstrap,
            security="SASL_SSL",
            username=user,
            password=PASSWORD,  # type: ignore[arg-type]
            cafile=str(self._papers.folder / "ca.pem"),
            partitions=2,
        )

    def certified(self, user: str) -> KafkaSettings:
        """Return the settings of somebody with a certificate."""
        return KafkaSettings(
            bootstrap=f"127.0.0.1:{self._tls}",
            security="SSL",
            cafile=str(self._papers.folder / "ca.pem"),
            certfile=str(self._papers.certificate(user)),
            partitions=2,
        )

    def bearing(self, **source: Any) -> KafkaSettings:
        """Return the settings of somebody with a token."""
        return self.scram("").model_copy(update={"mechanism": "OAUTHBEARER", **source})

    async def wait(self) -> None:
        """Wait until the administrator can log in."""
        async with asyncio.timeout(60):
            while True:
                try:
                    async with Broker(self.scram("admin")):
                        return
                except Transient:
                    await asyncio.sleep(0.3)

    async def allow(self, script: str, jars: Path) -> None:
        """Run a script of `stellwerk topics acls` as it is, with Kafka's own program."""
        admin = self.folder / "admin.properties"
        admin.write_text(
            "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nssl.truststore.type=PEM\n"
            f"ssl.truststore.location={self._papers.folder / 'ca.pem'}\n"
            "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required "
            f'username="admin" password="{PASSWORD}";\n'
        )
        program = self.folder / "kafka-acls"
        quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        program.write_text(f'#!/bin/sh\nexec java {quick} -cp "{jars}/*" org.apache.kafka.tools.AclCommand "$@"\n')
        program.chmod(0o755)
        process = await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            script,
            env={**os.environ, "KAFKA_ACLS": str(program), "BOOTSTRAP": self.bootstrap, "ADMIN": str(admin)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()[-3000:]

    async def _format(self) -> None:
        users = [f"SCRAM-SHA-512=[name={user},password={PASSWORD}]" for user in ("admin", *self._users)]
        await super()._format(*[part for user in users for part in ("--add-scram", user)])

    def _properties(self) -> str:
        folder = self._papers.folder
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        bearer = "org.apache.kafka.common.security.oauthbearer.OAuthBearer"
        login = "listener.name.sasl.oauthbearer"
        made = {
            "listeners": f"SASL://{self.bootstrap},TLS://127.0.0.1:{self._tls},CONTROLLER://127.0.0.1:{self._controller}",
            "advertised.listeners": f"SASL://{self.bootstrap},TLS://127.0.0.1:{self._tls}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,SASL:SASL_SSL,TLS:SSL",
            "inter.broker.listener.name": "TLS",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            # Nobody is anonymous but the controller, which has a listener of its own.
            "super.users": "User:admin;User:broker;User:ANONYMOUS",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,OAUTHBEARER",
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": scram,
            f"{login}.sasl.jaas.config": f"{bearer}LoginModule required;",
            f"{login}.sasl.server.callback.handler.class": f"{bearer}ValidatorCallbackHandler",
            f"{login}.sasl.oauthbearer.jwks.endpoint.url": (folder / "jwks.json").as_uri(),
            f"{login}.sasl.oauthbearer.expected.audience": AUDIENCE,
            f"{login}.sasl.oauthbearer.expected.issuer": ISSUER,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(folder / "broker.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(folder / "ca.pem"),
            "listener.name.tls.ssl.client.auth": "required",
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/",
        }
        return super()._properties() + "".join(f"{key}={value}\n" for key, value in made.items())
