/*
 * What editors are told of the language of plans, out of the tables that the
 * compiler of plans itself reads: definitions for lua-language-server, and the
 * names for luacheck.
 */
#ifndef INTERLOCK_CLI_EDITOR_H
#define INTERLOCK_CLI_EDITOR_H

#include "base/buf.h"
#include "cli/command.h"

/* The definitions: each word of the language, its options with their types, and what the manual says of them. */
void editor_definitions(struct buf *out);
/* .luarc.json, which says where the definitions are. */
void editor_language_server(struct buf *out);
/* .luacheckrc: what a plan may call, and nothing else. */
void editor_luacheck(struct buf *out);

/*
 * Writes all of it into that folder ("": the current one), and says so.  The
 * definitions are written anew; .luarc.json and .luacheckrc are left as they
 * are where they exist.  EXIT_OWN.
 */
bool editor_write(struct context *context, const char *folder, struct err *err);

/* Writes a file where there is none, and says so. */
bool editor_write_one(struct context *context, const char *folder, const char *name, const char *text,
                      struct err *err);

#endif
