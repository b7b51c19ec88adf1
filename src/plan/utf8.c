/* Stepping through UTF-8 by the table of well-formed sequences in the Unicode standard. */
#include "plan/utf8.h"

#include <string.h>

#include "base/buf.h"

static bool between(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

/* The second byte is where overlong forms, surrogates and too large numbers show. */
static bool second_fits(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return between(second, 0xa0, 0xbf);
	case 0xed:
		return between(second, 0x80, 0x9f);
	case 0xf0:
		return between(second, 0x90, 0xbf);
	case 0xf4:
		return between(second, 0x80, 0x8f);
	default:
		return between(second, 0x80, 0xbf);
	}
}

size_t utf8_step(const char *text, size_t length)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t need;

	if (length == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	need = between(s[0], 0xc2, 0xdf) ? 2 : between(s[0], 0xe0, 0xef) ? 3 : between(s[0], 0xf0, 0xf4) ? 4 : 0;
	if (need == 0 || length < need || !second_fits(s[0], s[1]))
		return 0;
	for (size_t i = 2; i < need; i++)
		if (!between(s[i], 0x80, 0xbf))
			return 0;
	return need;
}

bool utf8_valid(const char *text, size_t length)
{
	while (length > 0) {
		size_t step = utf8_step(text, length);

		if (step == 0)
			return false;
		text += step;
		length -= step;
	}
	return true;
}

json_t *utf8_json(const char *text, size_t length)
{
	struct buf clean = {0};
	json_t *result;

	for (size_t i = 0; i < length;) {
		size_t step = text[i] ? utf8_step(text + i, length - i) : 0;

		if (step)
			buf_add_bytes(&clean, text + i, step);
		else
			buf_add_char(&clean, '?');
		i += step ? step : 1;
	}
	result = json_stringn(buf_text(&clean), clean.length);
	buf_release(&clean);
	return result;
}
