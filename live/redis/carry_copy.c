/* carry_copy.c - see carry_inside.h: keys are watched and read, put down at the target and
 * compared, piece by piece; before the first the slots get their marks. */
#include "live/redis/carry_inside.h"

#include "core/base/hash.h"
#include "live/redis/mark.h"
#include "live/redis/words.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PIECE_KEYS = 32,
    PIECES = LIVE_CARRY_KEYS / PIECE_KEYS + LIVE_BUNDLE_SLOTS,
    EXPIRES_LEN = 24
};

/* ARGV: until when; marks. */
static const char mark_script[] = LIVE_FENCE_LATE
    "for i=2,#ARGV do redis.call('SET',ARGV[i],'1','PX'," LIVE_MARK_MS ") end return 1";

/* ARGV: keys. */
static const char fetch_script[] =
    "local call,out=redis.call,{} "
    "for i=1,#ARGV do local k=ARGV[i] local v=call('DUMP',k) "
    "  out[2*i-1]=v or '' out[2*i]=v and call('PEXPIRETIME',k) or -1 end "
    "return out";

/* ARGV: until when; compare or not; of each key its name, when it expires, what it is. Tells which
 * are the same now. */
static const char put_script[] =
    LIVE_FENCE_LATE "local call,out,all=redis.call,{},ARGV[2]=='1' "
                    "for i=3,#ARGV,3 do local k,v=ARGV[i],ARGV[i+2] "
                    "  call('RESTORE',k,ARGV[i+1],v,'ABSTTL') "
                    "  out[#out+1]=(not all or call('DUMP',k)==v) and 1 or 0 end "
                    "return out";

/* Keys of one slot that are read in one go. */
struct piece {
    struct live_carried *part;
    struct live_keys keys;
    redisReply *dump; /* of each key two elements: what it is, and when it expires */
    uint32_t sent;    /* keys, to the target */
};

struct copying {
    struct live_carrying *c;
    struct piece piece[PIECES];
    uint32_t count, asked, put, heard;
    struct {
        const struct piece *piece;
        size_t key;
    } odd[LIVE_CARRY_KEYS]; /* not the same byte for byte */
    uint32_t odds;
    enum fore_err err; /* the first */
};

static void keep_first(struct copying *x, enum fore_err err)
{
    if (x->err == FORE_E_OK) x->err = err;
}

/* Of the same size, but for one key. */
static void cut(struct copying *x, struct live_bundle *b)
{
    for (uint32_t i = 0; i < b->count; i++) {
        struct live_keys keys = b->part[i].keys;
        for (size_t n = (keys.count + PIECE_KEYS - 1) / PIECE_KEYS; n > 0; n--) {
            struct live_keys some = {.key = keys.key, .count = keys.count / n};
            FORE_ASSERT(x->count < PIECES);
            x->piece[x->count++] = (struct piece){.part = &b->part[i], .keys = some};
            keys.key += some.count;
            keys.count -= some.count;
        }
    }
}

/* ---- marks -------------------------------------------------------------------------------- */

/* Each is watched like the keys. */
static void ask_marks(struct live_carrying *c, struct live_bundle *b)
{
    char mark[LIVE_BUNDLE_SLOTS][LIVE_MARK_LEN], until[LIVE_FENCE_LEN];
    struct live_words words = live_words_begin(4 + LIVE_BUNDLE_SLOTS);
    live_fence_text(&c->from_fence, until);
    live_word_text(&words, "EVAL");
    live_word(&words, mark_script, sizeof mark_script - 1);
    live_word_text(&words, "0");
    live_word_text(&words, until);
    for (uint32_t i = 0; i < b->count; i++) {
        live_mark_name(b->part[i].slot->slot, mark[i]);
        live_word_text(&words, mark[i]);
        b->part[i].slot->copied = true;
    }
    live_words_append(&c->from->link, &words);
    for (uint32_t i = 0; i < b->count; i++)
        live_link_append(&c->from->link, "WATCH %s", mark[i]);
}

static void take_marks(struct copying *x, const struct live_bundle *b)
{
    for (uint32_t i = 0; i <= b->count; i++) {
        redisReply *reply = live_link_take(&x->c->from->link);
        unsigned slot = b->part[i > 0 ? i - 1 : 0].slot->slot;
        keep_first(x, live_fence_told(reply, slot, x->c->diag));
        live_reply_drop(&reply);
    }
}

/* ---- fetch -------------------------------------------------------------------------------- */

/* Watched before they are read. */
static void ask(struct copying *x)
{
    if (x->err != FORE_E_OK || x->asked == x->count) return;
    const struct piece *piece = &x->piece[x->asked++];
    struct live_link *from = &x->c->from->link;
    struct live_words watch = live_words_begin(1 + piece->keys.count);
    struct live_words fetch = live_words_begin(3 + piece->keys.count);
    live_word_text(&watch, "WATCH");
    live_word_text(&fetch, "EVAL");
    live_word(&fetch, fetch_script, sizeof fetch_script - 1);
    live_word_text(&fetch, "0");
    for (size_t k = 0; k < piece->keys.count; k++) {
        live_word(&watch, piece->keys.key[k]->str, piece->keys.key[k]->len);
        live_word(&fetch, piece->keys.key[k]->str, piece->keys.key[k]->len);
    }
    live_words_append(from, &watch);
    live_words_append(from, &fetch);
    live_fence_ask(from);
    live_link_flush(from);
}

static bool is_dump(const redisReply *reply, size_t keys)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 * keys) return false;
    for (size_t i = 0; i < reply->elements; i += 2)
        if (reply->element[i]->type != REDIS_REPLY_STRING ||
            reply->element[i + 1]->type != REDIS_REPLY_INTEGER)
            return false;
    return true;
}

static void take(struct copying *x, struct piece *piece)
{
    struct live_link *from = &x->c->from->link;
    unsigned slot = piece->part->slot->slot;
    redisReply *watched = live_link_take(from);
    piece->dump = live_link_take(from);
    keep_first(x, live_fence_told(watched, slot, x->c->diag));
    keep_first(x, live_fence_told(piece->dump, slot, x->c->diag));
    keep_first(x, live_fence_take(from, &x->c->from_fence));
    if (x->err == FORE_E_OK && !is_dump(piece->dump, piece->keys.count)) x->err = FORE_E_FORMAT;
    live_reply_drop(&watched);
}

static const redisReply *what_is(const struct piece *piece, size_t k)
{
    return piece->dump->element[2 * k];
}

static long long expires_at(const struct piece *piece, size_t k)
{
    return piece->dump->element[2 * k + 1]->integer;
}

/* It has gone since it was listed. */
static bool is_gone(const struct piece *piece, size_t k)
{
    return what_is(piece, k)->len == 0;
}

/* ---- put down ----------------------------------------------------------------------------- */

static void put(struct copying *x, struct piece *piece)
{
    char until[LIVE_FENCE_LEN], expires[PIECE_KEYS][EXPIRES_LEN];
    struct live_words words = live_words_begin(5 + 3 * piece->keys.count);
    struct live_link *to = &x->c->to->link;
    live_fence_text(&x->c->to_fence, until);
    live_word_text(&words, "EVAL");
    live_word(&words, put_script, sizeof put_script - 1);
    live_word_text(&words, "0");
    live_word_text(&words, until);
    live_word_text(&words, x->c->options->verify ? "1" : "0");
    for (size_t k = 0; k < piece->keys.count; k++) {
        if (is_gone(piece, k)) continue;
        long long at = expires_at(piece, k);
        (void)snprintf(expires[k], EXPIRES_LEN, "%lld", at > 0 ? at : 0);
        live_word(&words, piece->keys.key[k]->str, piece->keys.key[k]->len);
        live_word_text(&words, expires[k]);
        live_word(&words, what_is(piece, k)->str, what_is(piece, k)->len);
        piece->sent++;
    }
    live_link_append(to, "ASKING");
    live_words_append(to, &words);
    live_fence_ask(to);
    live_link_flush(to);
    x->put++;
}

/* ---- compare ------------------------------------------------------------------------------ */

static enum fore_err digest_of(struct live_link *link, struct live_keys key, bool asking,
                               int64_t *out)
{
    live_digest_append(link, key, asking, NULL);
    redisReply *asked = asking ? live_link_take(link) : NULL, *reply = live_link_take(link);
    enum fore_err err = live_digest_read(reply, out, 1);
    live_reply_drop(&asked);
    live_reply_drop(&reply);
    return err;
}

/* A hash or a set may be told in another order by another process: what its members add up to. */
static enum fore_err same_after_all(struct live_carrying *c, const struct piece *piece, size_t k)
{
    int64_t here = LIVE_DIGEST_NONE, there = LIVE_DIGEST_NONE;
    struct live_keys key = {.key = piece->keys.key + k, .count = 1};
    FORE_TRY(digest_of(&c->from->link, key, false, &here));
    FORE_TRY(digest_of(&c->to->link, key, true, &there));
    if (here == there && here != LIVE_DIGEST_NONE) return FORE_E_OK;
    return fore_err_set(c->diag, FORE_E_AGAIN, "slot %u: a key is not the same at the target",
                        (unsigned)piece->part->slot->slot);
}

static void add_up(struct piece *piece, size_t k)
{
    const redisReply *key = piece->keys.key[k], *what = what_is(piece, k);
    uint64_t hash = fore_hash_bytes(key->str, key->len, expires_at(piece, k) >= 0);
    int64_t number = (int64_t)(fore_hash_bytes(what->str, what->len, hash) >> 12);
    live_digest_put(&piece->part->batch.out, number);
    live_digest_put(&piece->part->batch.in, number);
}

static enum fore_err compare(struct copying *x, struct piece *piece, const redisReply *reply)
{
    size_t n = 0;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != piece->sent) return FORE_E_FORMAT;
    for (size_t k = 0; k < piece->keys.count; k++) {
        if (is_gone(piece, k)) continue;
        const redisReply *same = reply->element[n++];
        if (same->type != REDIS_REPLY_INTEGER) return FORE_E_FORMAT;
        if (same->integer != 1) {
            x->odd[x->odds].piece = piece;
            x->odd[x->odds++].key = k;
        }
        if (x->c->options->verify) add_up(piece, k);
    }
    piece->part->batch.keys += piece->sent;
    return FORE_E_OK;
}

static void hear(struct copying *x)
{
    if (x->heard == x->put) return;
    struct piece *piece = &x->piece[x->heard++];
    struct live_link *to = &x->c->to->link;
    redisReply *asked = live_link_take(to), *reply = live_link_take(to);
    keep_first(x, live_fence_told(reply, piece->part->slot->slot, x->c->diag));
    keep_first(x, live_fence_take(to, &x->c->to_fence));
    if (x->err == FORE_E_OK) x->err = compare(x, piece, reply);
    live_reply_drop(&asked);
    live_reply_drop(&reply);
}

/* One piece at a time at either end, so that clients have their turn between two; while the target
 * puts one down the source tells the next. */
enum fore_err live_carry_copy(struct live_carrying *c, struct live_bundle *b)
{
    struct copying *x = calloc(1, sizeof *x);
    FORE_ASSERT(x != NULL);
    x->c = c;
    cut(x, b);
    ask_marks(c, b);
    ask(x);
    live_link_flush(&c->from->link);
    take_marks(x, b);
    for (uint32_t i = 0; i < x->asked; i++) {
        take(x, &x->piece[i]);
        ask(x);
        hear(x);
        if (x->err == FORE_E_OK) put(x, &x->piece[i]);
    }
    hear(x);
    for (uint32_t i = 0; i < x->odds && x->err == FORE_E_OK; i++)
        x->err = same_after_all(c, x->odd[i].piece, x->odd[i].key);
    for (uint32_t i = 0; i < x->count; i++)
        live_reply_drop(&x->piece[i].dump);
    enum fore_err err = x->err;
    free(x);
    return err;
}
