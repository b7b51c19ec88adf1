/* Lua's own error messages in the words and the style of this program. */
#ifndef INTERLOCK_PLAN_LUA_MESSAGE_H
#define INTERLOCK_PLAN_LUA_MESSAGE_H

struct message {
	const char *rule; /* static: lua-error or sandbox-limit */
	char summary[640], detail[128];
	const char *help; /* static, or NULL */
};

/* Rewrites a message of the running program; its place has been cut off. */
void message_from_lua(const char *text, struct message *out);
/* The same for a message of Lua's compiler. */
void message_from_compiler(const char *text, struct message *out);

#endif
