# Interlock: `make` builds build/interlock, `make demo` shows it, `make check` tests it.
# Variables: BUILD (folder), SAN=1 (sanitizers), COV=1 (coverage), V=1 (whole commands), WERROR=1, PREFIX, DESTDIR.

BUILD   ?= build$(if $(SAN),-san)$(if $(COV),-cov)
PREFIX  ?= /usr/local
CC      ?= cc
PG_CONFIG ?= pg_config
Q       := $(if $(V),,@)
say      = $(if $(V),@:,@printf '  %-6s %s\n' $(1) $(2))

PACKAGES := libpq jansson libcrypto libseccomp lua5.4
# pkg-config is asked when something is compiled, not when make starts: `make demo` must first install it.
CPPFLAGS += -D_GNU_SOURCE -Isrc -I$(BUILD)/gen
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2
CFLAGS  ?= -O2 -g
CFLAGS  += -std=c11 -fvisibility=hidden $(WARNINGS) $(if $(WERROR),-Werror)
# The parser and Lua are linked statically and hidden: their global names can neither replace libpq's nor be replaced.
LDLIBS   = -l:libpg_query.a -l:liblua5.4.a $(shell pkg-config --libs libpq jansson libcrypto libseccomp 2>/dev/null) -lm -ldl -lpthread
LDFLAGS += -Wl,--exclude-libs,ALL -Wl,--as-needed
ifdef SAN
CFLAGS  += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DINTERLOCK_SANITIZED
LDFLAGS += -fsanitize=address,undefined
endif
ifdef COV
CFLAGS  += --coverage
LDFLAGS += --coverage
endif

SOURCES   := $(sort $(wildcard src/*/*.c))
GENERATED := $(BUILD)/gen/step_types.c $(BUILD)/gen/commands.c $(BUILD)/gen/lua_sources.c
OBJECTS   := $(SOURCES:src/%.c=$(BUILD)/%.o) $(GENERATED:.c=.o)
LIBRARY   := $(filter-out $(BUILD)/cli/main.o,$(OBJECTS))
UNIT      := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%.t,$(wildcard tests/unit/*.c))

all: $(BUILD)/interlock

$(BUILD)/interlock: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# A primitive is a file in src/steps/, a command is a file src/cli/cmd_*.c: the lists are made from the names.
$(BUILD)/gen/step_types.c: $(wildcard src/steps/*.c) Makefile
	@mkdir -p $(@D)
	$(Q){ echo '#include "plan/step.h"'; \
	  for f in $(sort $(notdir $(wildcard src/steps/*.c))); do echo "extern const struct step_type step_$${f%.c};"; done; \
	  echo 'const struct step_type *const step_types[] = {'; \
	  for f in $(sort $(notdir $(wildcard src/steps/*.c))); do echo "	&step_$${f%.c},"; done; echo '	0};'; } > $@

$(BUILD)/gen/commands.c: $(wildcard src/cli/cmd_*.c) Makefile
	@mkdir -p $(@D)
	$(Q){ echo '#include "cli/command.h"'; \
	  for f in $(sort $(notdir $(wildcard src/cli/cmd_*.c))); do f=$${f#cmd_}; echo "extern const struct command command_$${f%.c};"; done; \
	  echo 'const struct command *const commands[] = {'; \
	  for f in $(sort $(notdir $(wildcard src/cli/cmd_*.c))); do f=$${f#cmd_}; echo "	&command_$${f%.c},"; done; echo '	0};'; } > $@

# The prelude and the standard library, inside the binary, each under its own chunk name.
LUA_SOURCES := $(sort $(wildcard lua/*.lua lua/std/*.lua))
$(BUILD)/gen/lua_sources.c: $(LUA_SOURCES) Makefile
	@mkdir -p $(@D)
	$(Q){ echo '#include "plan/lua_sources.h"'; echo 'const struct lua_source lua_sources[] = {'; \
	  for f in $(LUA_SOURCES); do \
	    echo "	{\"$$f\", (const char[]){"; od -An -v -tx1 $$f | sed 's/ \(..\)/0x\1,/g'; echo '	0}},'; done; \
	  echo '	{0, 0}};'; } > $@

$(BUILD)/tests/unit/%.t: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(LIBRARY) $(LDLIBS) -lcmocka

# The application that writes while the tests move data.
APPLICATION := $(BUILD)/tests/load/application
LOAD_FILES  := $(wildcard tests/load/*.[ch])
$(APPLICATION): $(LOAD_FILES)
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) -D_GNU_SOURCE $(PKG_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(shell pkg-config --libs libpq jansson)

-include $(OBJECTS:.o=.d) $(UNIT:.t=.d)

clean:
	rm -rf build build-san build-cov

# What follows runs in a make of its own, after vendor/install: only then can pkg-config answer.
JOBS    := $(shell nproc 2>/dev/null || echo 2)
SUBMAKE  = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))
TESTS   ?=

demo:
	@vendor/install build demo
	@+$(SUBMAKE) all
	@BUILD=$(BUILD) examples/artworks-v2/demo

unit: $(UNIT) $(APPLICATION)

# make check TESTS=tests/e2e/010_image_urls.t runs that file alone.
check:
	@vendor/install build test
	@+$(SUBMAKE) all unit
	@BUILD=$(BUILD) SAN=$(SAN) tests/run $(TESTS)

# Kills the program before and after every statement of every primitive, and the server too: takes long.  With
# INTERLOCK_SERVERS the servers of other versions as well.
crash:
	@vendor/install build test
	@+$(SUBMAKE) all $(APPLICATION)
	@BUILD=$(BUILD) SAN=$(SAN) INTERLOCK_CRASH=all tests/run tests/crash tests/e2e/030_two_runs.t

# Breaks the program on purpose, in one way at a time, and expects the tests to notice: takes half an hour.
mutants:
	@vendor/install build test
	@tests/mutate

bench:
	@vendor/install build test bench
	@+$(SUBMAKE) all $(APPLICATION)
	@BUILD=$(BUILD) INTERLOCK_BENCH=1 tests/run tests/bench

C_FILES   = $(wildcard src/*/*.[ch] tests/unit/*.[ch] tests/load/*.[ch])
LUA_FILES = $(wildcard lua/*.lua lua/std/*.lua)
# Left out: opinions, what version 14 gets wrong (arrays of pointers, joined SQL texts), and the analyzer, which takes
# minutes and was wrong in what it found; the sanitizers look at the same things while the tests run.
TIDY      = -*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,$\
            -bugprone-assignment-in-if-condition,-bugprone-narrowing-conversions,-bugprone-branch-clone,$\
            -bugprone-implicit-widening-of-multiplication-result,-bugprone-sizeof-expression,$\
            -bugprone-suspicious-missing-comma
TIDY_FLAGS = $(CPPFLAGS) $(PKG_CFLAGS) -std=c11

# jansson's loops, for an analyzer that reads no system headers.
CPPCHECK_MACROS = '-Djson_array_foreach(a,i,v)=while((v=json_array_get(a,i=next(a))))' \
                  '-Djson_object_foreach(o,k,v)=while((v=json_object_get(o,k=next(o))))'

lint:
	@vendor/install build lint
	$(call say,LINT,clang-format)
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(call say,LINT,cppcheck)
	$(Q)cppcheck --quiet --error-exitcode=1 --enable=warning --inline-suppr --suppress=missingIncludeSystem \
	  -j$(JOBS) --std=c11 -D_GNU_SOURCE -D__GNUC__ $(CPPCHECK_MACROS) -Isrc src
	$(call say,LINT,clang-tidy)
	$(Q)printf '%s\n' $(SOURCES) | xargs -P$(JOBS) -n4 sh -c \
	  'clang-tidy --quiet --warnings-as-errors=* --checks="$(TIDY)" "$$@" -- $(TIDY_FLAGS) 2>/dev/null' clang-tidy
	$(call say,LINT,luacheck)
	$(Q)luacheck --quiet --no-color --std lua54 --allow-defined-top --no-unused-args $(LUA_FILES)

format:
	clang-format -i $(C_FILES)

# The manual as man pages, and the completion of the shells: the program writes both out of its own tables.
doc: $(BUILD)/man/man1/interlock.1

$(BUILD)/man/man1/interlock.1: $(BUILD)/interlock
	$(call say,DOC,$(BUILD)/man)
	$(Q)rm -rf $(BUILD)/man && $(BUILD)/interlock help --man $(BUILD)/man

SHARE = $(DESTDIR)$(PREFIX)/share
install: all doc
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 $(SHARE)/man/man7 $(SHARE)/bash-completion/completions \
	  $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install -m 755 $(BUILD)/interlock $(DESTDIR)$(PREFIX)/bin/interlock
	install -m 644 $(BUILD)/man/man1/* $(SHARE)/man/man1
	install -m 644 $(BUILD)/man/man7/* $(SHARE)/man/man7
	$(BUILD)/interlock completion bash > $(SHARE)/bash-completion/completions/interlock
	$(BUILD)/interlock completion zsh > $(SHARE)/zsh/site-functions/_interlock
	$(BUILD)/interlock completion fish > $(SHARE)/fish/vendor_completions.d/interlock.fish

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/interlock $(SHARE)/man/man1/interlock.1 $(SHARE)/man/man1/interlock-*.1 \
	  $(SHARE)/man/man7/interlock-*.7 $(SHARE)/bash-completion/completions/interlock \
	  $(SHARE)/zsh/site-functions/_interlock $(SHARE)/fish/vendor_completions.d/interlock.fish

.PHONY: all clean demo unit check crash mutants bench lint format doc install uninstall
.SECONDARY:
