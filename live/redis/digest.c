/* digest.c - see digest.h. The script runs on chunks of keys, so that no call holds a server up. */
#include "live/redis/digest.h"

#include "core/base/hash.h"
#include "live/redis/words.h"

enum { CHUNK = 64, KEYS_ALL = 1 << 24 };

/* Lua 5.1 with Redis' bit library; numbers are doubles, so 52 bits at most. Strings, which are
 * nearly all there is, are asked for sixteen at a time: that and one SHA-1 instead of two makes a
 * key cost a third of what it would (measured: 2 us, not 6); what MGET does not tell, and all where
 * it refuses because one has gone, is asked for one by one. */
static const char script[] =
    "local W=4503599627370496 "
    "local call,try,sha,sub=redis.call,redis.pcall,redis.sha1hex,string.sub "
    "local function num(z) return tonumber(sub(z,1,13),16) end "
    "local function pre(v) return #v..':'..v end "
    "local function row(list) local t={} for i=1,#list do t[i]=pre(list[i]) end "
    "  return sha(table.concat(t)) end "
    "local function bag(list,step) local a=0 "
    "  for i=1,#list,step do local s=pre(list[i]) if step==2 then s=s..pre(list[i+1]) end "
    "    a=(a+num(sha(s)))%W end "
    "  return string.format('%d:%.0f',#list,a) end "
    "local function mark(k) return call('PTTL',k)>=0 and 'T' or 'F' end "
    "local function text(k,v) return num(sha(mark(k)..k..'\\0'..v)) end "
    "local function content(k,t) "
    "  if t=='list' then return row(call('LRANGE',k,0,-1)) end "
    "  if t=='hash' then return bag(call('HGETALL',k),2) end "
    "  if t=='set' then return bag(call('SMEMBERS',k),1) end "
    "  if t=='zset' then return row(call('ZRANGE',k,0,-1,'WITHSCORES')) end "
    "  return sha(call('DUMP',k):sub(1,-11)) end "
    "local function other(k) local t=try('TYPE',k) "
    "  if type(t)~='table' or not t.ok or t.ok=='none' then return -1 end "
    "  if t.ok=='string' then return text(k,call('GET',k)) end "
    "  return num(sha(pre(k)..t.ok..mark(k)..content(k,t.ok))) end "
    "local out={} "
    "for at=1,#ARGV,16 do local last=math.min(at+15,#ARGV) "
    "  local v=try('MGET',unpack(ARGV,at,last)) if v.err then v={} end "
    "  for i=at,last do local k,s=ARGV[i],v[i-at+1] "
    "    if s then out[i]=text(k,s) else out[i]=other(k) end end end "
    "if #KEYS>0 then call('SET',KEYS[1],'1','PX',1000) call('DEL',KEYS[1]) end "
    "return out";

void live_digest_put(struct live_digest *to, int64_t key_number)
{
    if (key_number == LIVE_DIGEST_NONE) return;
    to->keys++;
    to->xor_of ^= fore_hash_u64((uint64_t)key_number, 1);
    to->sum_of += fore_hash_u64((uint64_t)key_number, 2);
}

void live_digest_add(struct live_digest *to, const struct live_digest *more)
{
    to->keys += more->keys;
    to->xor_of ^= more->xor_of;
    to->sum_of += more->sum_of;
}

bool live_digest_same(const struct live_digest *a, const struct live_digest *b)
{
    return a->keys == b->keys && a->xor_of == b->xor_of && a->sum_of == b->sum_of;
}

uint64_t live_digest_word(const struct live_digest *digest)
{
    return fore_hash_u64(digest->xor_of, fore_hash_u64(digest->sum_of, digest->keys));
}

void live_digest_append(struct live_link *link, struct live_keys keys, bool asking,
                        const char *fence)
{
    struct live_words words = live_words_begin(4 + keys.count);
    live_word_text(&words, "EVAL");
    live_word(&words, script, sizeof script - 1);
    live_word_text(&words, fence != NULL ? "1" : "0");
    if (fence != NULL) live_word_text(&words, fence);
    for (size_t i = 0; i < keys.count; i++)
        live_word(&words, keys.key[i]->str, keys.key[i]->len);
    if (asking) live_link_append(link, "ASKING");
    live_words_append(link, &words);
}

enum fore_err live_digest_read(const redisReply *reply, int64_t *number, size_t count)
{
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err != FORE_E_OK) return err;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != count) return FORE_E_FORMAT;
    for (size_t i = 0; i < count; i++) {
        const redisReply *one = reply->element[i];
        if (one->type != REDIS_REPLY_INTEGER || one->integer < -1) return FORE_E_FORMAT;
        number[i] = one->integer;
    }
    return FORE_E_OK;
}

static enum fore_err digest_chunk(struct live_link *link, struct live_keys keys, bool asking,
                                  struct live_digest *to)
{
    int64_t number[CHUNK];
    live_digest_append(link, keys, asking, NULL);
    redisReply *asked = asking ? live_link_take(link) : NULL;
    redisReply *reply = live_link_take(link);
    enum fore_err err = live_digest_read(reply, number, keys.count);
    for (size_t i = 0; err == FORE_E_OK && i < keys.count; i++)
        live_digest_put(to, number[i]);
    if (asked != NULL) freeReplyObject(asked);
    if (reply != NULL) freeReplyObject(reply);
    return err;
}

enum fore_err live_digest_slot(struct live_link *link, uint16_t slot, bool asking,
                               struct live_digest *to)
{
    redisReply *list = NULL;
    struct live_keys all = {.count = 0};
    FORE_TRY(live_keys_list(link, slot, KEYS_ALL, &list, &all));
    enum fore_err err = FORE_E_OK;
    for (size_t done = 0; err == FORE_E_OK && done < all.count; done += CHUNK) {
        size_t left = all.count - done;
        struct live_keys part = {.key = all.key + done, .count = left < CHUNK ? left : CHUNK};
        err = digest_chunk(link, part, asking, to);
    }
    freeReplyObject(list);
    return err;
}
