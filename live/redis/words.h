/*
 * words.h - a command put together word by word, from bytes that stay where they are until it is
 * appended to a link.
 */
#ifndef LIVE_WORDS_H
#define LIVE_WORDS_H

#include "live/redis/link.h"

struct live_words {
    const char **arg;
    size_t *len;
    uint32_t count;
};

/* Room for `most` words, the caller's until live_words_append(). */
struct live_words live_words_begin(size_t most);
void live_word(struct live_words *words, const char *bytes, size_t len);
void live_word_text(struct live_words *words, const char *text);
void live_words_append(struct live_link *link, struct live_words *words);

#endif
