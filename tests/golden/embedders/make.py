"""Tiny random sentence-transformers checkpoints with expected vectors. See README.md beside the result."""
import json, os, shutil, sys
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, decoders, trainers
from transformers import (BertConfig, BertModel, RobertaConfig, RobertaModel, XLMRobertaConfig, XLMRobertaModel,
                          MPNetConfig, MPNetModel, PreTrainedTokenizerFast)
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer, Normalize

OUT = sys.argv[1]
TEXTS = ["The President shall, at stated times, receive a compensation.", "tax", "",
         "  Two   spaces, a tab\tand a\nline break.", "Ünïcödé café — “quoted” text, 東京 and 😀!",
         "of the United States " * 40, "Gold rose 2.5% to $1,234.50 an ounce; silver fell."]
CORPUS = TEXTS + ["We the people of the United States, in order to form a more perfect union, establish justice.",
                  "Revenue from customs and taxes on spirits rose by a tenth last year.",
                  "The treaty with Spain was signed at Washington on the tenth of July."] * 3

def save_tokenizer(tok, path, limit, **special):
    fast = PreTrainedTokenizerFast(tokenizer_object=tok, model_max_length=limit, **special)
    fast.save_pretrained(path)

def wordpiece(path, limit, bos="[CLS]", eos="[SEP]", pad="[PAD]", unk="[UNK]", mask="[MASK]", order=None):
    tok = Tokenizer(models.WordPiece(unk_token=unk))
    tok.normalizer = normalizers.BertNormalizer(lowercase=True)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tok.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=300, special_tokens=order or [pad, unk, bos, eos, mask]))
    tok.post_processor = processors.TemplateProcessing(single=f"{bos} $A {eos}", special_tokens=[(bos, tok.token_to_id(bos)), (eos, tok.token_to_id(eos))])
    tok.decoder = decoders.WordPiece()
    save_tokenizer(tok, path, limit, cls_token=bos, sep_token=eos, pad_token=pad, unk_token=unk, mask_token=mask)
    return tok

def bpe(path, limit):
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                                        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"]))
    tok.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    save_tokenizer(tok, path, limit, bos_token="<s>", cls_token="<s>", eos_token="</s>", sep_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>")
    return tok

def unigram(path, limit):
    tok = Tokenizer(models.Unigram())
    tok.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(__import__("tokenizers").Regex(" {2,}"), " ")])
    tok.pre_tokenizer = pre_tokenizers.Metaspace()
    tok.decoder = decoders.Metaspace()
    tok.train_from_iterator(CORPUS, trainers.UnigramTrainer(vocab_size=300, unk_token="<unk>", special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"]))
    tok.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    save_tokenizer(tok, path, limit, bos_token="<s>", cls_token="<s>", eos_token="</s>", sep_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>")
    return tok

SIZES = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)

def randomise(model, seed):
    # Norms and biases away from 1 and 0, or a forgotten one would not show; weights large enough that attention is not uniform.
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "LayerNorm.weight" in name: p.copy_(1 + 0.2 * torch.randn(p.shape, generator=g))
            elif name.endswith("bias"): p.copy_(0.1 * torch.randn(p.shape, generator=g))
            elif "relative_attention_bias" in name: p.copy_(1.5 * torch.randn(p.shape, generator=g))
            else: p.copy_(0.25 * torch.randn(p.shape, generator=g))
    return model

def build(name, make_tok, model, pooling, prompts=None, limit=96, lower=False, normalize=True, include_prompt=True, seed=1, half=False):
    raw = f"/tmp/st-raw/{name}"; out = f"{OUT}/{name}"
    shutil.rmtree(raw, ignore_errors=True); shutil.rmtree(out, ignore_errors=True); os.makedirs(raw)
    tok = make_tok(raw, limit)
    m = randomise(model(tok.get_vocab_size()), seed).eval()
    if half: m = m.to(torch.bfloat16)
    m.save_pretrained(raw)
    t = Transformer(raw, max_seq_length=limit, do_lower_case=lower)
    mods = [t, Pooling(SIZES["hidden_size"], pooling_mode=pooling, include_prompt=include_prompt)] + ([Normalize()] if normalize else [])
    st = SentenceTransformer(modules=mods, prompts=prompts or {}, device="cpu")
    st = st.float()
    st.eval()
    kw = dict(normalize_embeddings=True, batch_size=3, convert_to_numpy=True)
    def rounded(v): return [[round(float(x), 7) for x in row] for row in v]
    expected = {"texts": TEXTS,
                "input_ids": [st.tokenizer(x, truncation=True, max_length=limit)["input_ids"] for x in TEXTS],
                "document": rounded(st.encode_document(TEXTS, **kw)), "query": rounded(st.encode_query(TEXTS, **kw))}
    st.save_pretrained(out)
    if half:
        m.save_pretrained(out + "/.w"); os.replace(out + "/.w/model.safetensors", out + "/model.safetensors"); shutil.rmtree(out + "/.w")
    for extra in ("README.md",):
        if os.path.exists(f"{out}/{extra}"): os.remove(f"{out}/{extra}")
    json.dump(expected, open(f"{out}/expected.json", "w"))
    print(name, sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(out) for f in fs), os.listdir(out))

ROB = dict(max_position_embeddings=130, pad_token_id=1, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5)
build("bert-cls", wordpiece, lambda v: BertModel(BertConfig(vocab_size=v, max_position_embeddings=128, **SIZES)), "cls", seed=1, normalize=False)
build("roberta-mean", bpe, lambda v: RobertaModel(RobertaConfig(vocab_size=v, type_vocab_size=1, **ROB, **SIZES)), "mean",
      prompts={"query": "Represent this sentence for searching: ", "passage": "passage: "}, seed=2)
build("roberta-joined", bpe, lambda v: RobertaModel(RobertaConfig(vocab_size=v, type_vocab_size=1, **ROB, **SIZES)),
      ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"), prompts={"query": "query: "}, include_prompt=False, seed=3, limit=40)
build("xlm-roberta-max", unigram, lambda v: XLMRobertaModel(XLMRobertaConfig(vocab_size=v, type_vocab_size=1, **ROB, **SIZES)), "max", seed=4, lower=True)
build("mpnet-mean", lambda p, l: wordpiece(p, l, "<s>", "</s>", "<pad>", "<unk>", "<mask>", ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]),
      lambda v: MPNetModel(MPNetConfig(vocab_size=v, max_position_embeddings=194, pad_token_id=1, bos_token_id=0, eos_token_id=2, **SIZES)), "mean", seed=5, limit=190)
