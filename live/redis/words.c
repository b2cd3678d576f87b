/* words.c - see words.h. */
#include "live/redis/words.h"

#include <stdlib.h>
#include <string.h>

struct live_words live_words_begin(size_t most)
{
    struct live_words words = {.arg = calloc(most, sizeof words.arg[0]),
                               .len = calloc(most, sizeof words.len[0])};
    FORE_ASSERT(words.arg != NULL && words.len != NULL);
    return words;
}

void live_word(struct live_words *words, const char *bytes, size_t len)
{
    words->arg[words->count] = bytes;
    words->len[words->count++] = len;
}

void live_word_text(struct live_words *words, const char *text)
{
    live_word(words, text, strlen(text));
}

void live_words_append(struct live_link *link, struct live_words *words)
{
    struct live_command command = {
        .arg = words->arg, .arg_len = words->len, .arg_count = words->count};
    live_link_append_command(link, &command);
    free(words->arg);
    free(words->len);
    *words = (struct live_words){.count = 0};
}
