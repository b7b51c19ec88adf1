/* The rules that findings name, each with its page in `interlock help RULE`. */
#ifndef INTERLOCK_CHECK_RULE_H
#define INTERLOCK_CHECK_RULE_H

struct rule {
	const char *id;
	const char *title;      /* one line: what is wrong */
	const char *why;        /* what happens otherwise, and to whom */
	const char *bad, *good; /* in a plan; NULL where an example says nothing more */
};

extern const struct rule rules[]; /* ends with a NULL id */

/* NULL: there is no such rule. */
const struct rule *rule_find(const char *id);

#endif
