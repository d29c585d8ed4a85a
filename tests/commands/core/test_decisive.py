"""The lines that a person would point at, out of logs of the programs that teams really run."""

import pytest

from commands.core.decisive import SHOWN_LINES, decisive

NOISE = tuple(f"downloading part {number}" for number in range(20))
JAVA = (
    *NOISE,
    "2026-11-02 ERROR [main] o.s.boot.SpringApplication : Application run failed",
    "org.springframework.beans.factory.BeanCreationException: Error creating bean 'db'",
    "\tat org.springframework.beans.Factory.create(Factory.java:10)",
    "\tat org.springframework.boot.Main.run(Main.java:20)",
    "Caused by: com.zaxxer.hikari.PoolInitializationException: Failed to initialize pool",
    "\tat com.zaxxer.hikari.Pool.<init>(Pool.java:7)",
    "\t... 12 more",
    "Caused by: java.net.ConnectException: Connection refused: db:5432",
    "\tat java.base/sun.nio.ch.Net.connect(Net.java:1)",
    "\t... 30 more",
)
PYTHON = (
    *NOISE,
    "Traceback (most recent call last):",
    '  File "/app/main.py", line 3, in <module>',
    "    main()",
    '  File "/app/main.py", line 2, in main',
    "    raise KeyError(name)",
    "KeyError: 'DATABASE'",
    "shutting down",
)
GO = (
    *NOISE,
    "panic: runtime error: invalid memory address or nil pointer dereference",
    "goroutine 1 [running]:",
    "main.main()",
    "\t/src/main.go:12 +0x1d",
    "exit status 2",
)
MAVEN = (
    *NOISE,
    "[INFO] BUILD FAILURE",
    "[ERROR] Failed to execute goal maven-compiler-plugin:compile on project shop: Compilation failure",
    "[ERROR] /src/Shop.java:[10,5] cannot find symbol",
    "[ERROR] ",
    "[ERROR] -> [Help 1]",
    "[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.",
    "[ERROR] For more information about the errors and possible solutions, please read the following articles:",
)
NPM = (
    *NOISE,
    "npm ERR! code E404",
    "npm ERR! 404 Not Found - GET https://registry/@acme%2fshop",
    "npm ERR! A complete log of this run can be found in: /home/build/.npm",
)
BUILDAH = (
    *NOISE,
    "buildah: STEP 3/9: RUN make dist",
    "buildah: make: *** No rule to make target 'dist'.  Stop.",
    "buildah: cat: can't open 'dist.txt': No such file or directory",
    "buildah: subprocess exited with status 2",
    "buildah: subprocess exited with status 2",
    'buildah: Error: building at STEP "RUN make dist": exit status 2',
)
HELM = (*NOISE, "Error: UPGRADE FAILED: context deadline exceeded", "cleaning up")
QUIET = (*NOISE, "connecting to db", "the server refused the connection", "good bye")


@pytest.mark.parametrize(
    ("log", "chosen"),
    [
        (
            JAVA,
            (
                "org.springframework.beans.factory.BeanCreationException: Error creating bean 'db'",
                "\tat org.springframework.beans.Factory.create(Factory.java:10)",
                "Caused by: java.net.ConnectException: Connection refused: db:5432",
                "\tat java.base/sun.nio.ch.Net.connect(Net.java:1)",
            ),
        ),
        (JAVA[:-6], JAVA[21:24]),
        (PYTHON, ('  File "/app/main.py", line 2, in main', "    raise KeyError(name)", "KeyError: 'DATABASE'")),
        (PYTHON[:-2], PYTHON[-5:-2]),
        (GO, GO[20:23]),
        (MAVEN, MAVEN[21:23]),
        (NPM, ("downloading part 19", *NPM[20:22])),
        (HELM, ("downloading part 19", *HELM[20:])),
        (BUILDAH, BUILDAH[21:23]),
        (QUIET, QUIET[20:]),
        (NOISE, NOISE[-SHOWN_LINES:]),
        (("", "one", " ", "two"), ("one", "two")),
        ((), ()),
    ],
)
def test_the_decisive_lines_are_chosen(log: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    assert decisive(log) == chosen


def test_a_root_without_what_was_thrown_is_shown_alone() -> None:
    assert decisive((*NOISE, *JAVA[-3:])) == JAVA[-3:-1]


def test_many_errors_in_a_row_begin_with_the_first() -> None:
    errors = tuple(f"ERROR number {number}" for number in range(20))
    assert decisive((*NOISE, *errors)) == ("downloading part 19", *errors[: SHOWN_LINES - 1])
