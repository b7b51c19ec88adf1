# Interlock: `make` builds build/interlock, `make demo` shows it, `make check` tests it.
# Variables: BUILD (folder), SAN=1 (sanitizers), COV=1 (coverage), V=1 (whole commands), WERROR=1, PREFIX, DESTDIR.

BUILD   ?= build$(if $(SAN),-san)$(if $(COV),-cov)
PREFIX  ?= /usr/local
CC      ?= cc
PG_CONFIG ?= pg_config
Q       := $(if $(V),,@)
say      = $(if $(V),@:,@printf '  %-6s %s\n' $(1) $(2))

PACKAGES := libpq jansson libcrypto libprotobuf-c lua5.4
# pkg-config is asked when something is compiled, not when make starts: `make demo` must first install it.
CPPFLAGS += -D_GNU_SOURCE -Isrc -I$(BUILD)/gen
PKG_CFLAGS = $(shell pkg-config --cflags libpq jansson libcrypto lua5.4 2>/dev/null)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2
CFLAGS  ?= -O2 -g
CFLAGS  += -std=c11 -fvisibility=hidden $(WARNINGS) $(if $(WERROR),-Werror)
# The parser and Lua are linked statically and hidden: their global names can neither replace libpq's nor be replaced.
LDLIBS   = -l:libpg_query.a -l:liblua5.4.a $(shell pkg-config --libs libpq jansson libcrypto 2>/dev/null) -lm -ldl -lpthread
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
LUA_SOURCES := lua/prelude.lua $(sort $(wildcard lua/std/*.lua))
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

-include $(OBJECTS:.o=.d) $(UNIT:.t=.d)

clean:
	rm -rf build build-san build-cov

.PHONY: all clean
.SECONDARY:
