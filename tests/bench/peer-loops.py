"""The peers' side of `npm run bench -- peers`: the same collection in PyTorch, three times.

Usage: python peer-loops.py MODEL CODER ROWS LENGTH LAYER THREADS. Reads one name a line from stdin (`strong`, `packed`, `dense`), does that
work once, and answers with its seconds. Needs torch, transformers and safetensors.

strong  what somebody who cares about speed would write: inference mode, nothing after the hookpoint is computed, the encoder one
        linear layer, only the k largest pre-activations kept
packed  the same with the encoder's weight transposed beforehand, which MKL multiplies faster
dense   delphi's way (delphi/latents/cache.py, sparse_coders/load_sparsify.py): all layers and the head, the latents scattered into a
        dense tensor, the active ones found again by comparing (for the places, for the values, and to count)
"""

import json
import sys
import time

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

EPSILON = 1e-5


class Reached(Exception):
    """The hookpoint's block has run."""


def main() -> None:
    model_dir, coder_dir = sys.argv[1:3]
    rows, length, layer, threads = map(int, sys.argv[3:7])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32).eval()
    coder = load_file(f"{coder_dir}/sae.safetensors")
    with open(f"{coder_dir}/cfg.json") as file:
        k = json.load(file)["k"]
    weight, bias, b_dec = coder["encoder.weight"], coder["encoder.bias"], coder["b_dec"]
    transposed, folded = weight.t().contiguous(), bias - weight @ b_dec
    ids = torch.randint(0, model.config.vocab_size, (rows, length))
    block = model.model.layers[layer]
    hidden = {}

    def keep(_module, _args, out):
        hidden["x"] = out[0] if isinstance(out, tuple) else out

    def keep_and_stop(module, args, out):
        keep(module, args, out)
        raise Reached

    def linear(x):
        return torch.nn.functional.linear(x, weight, folded)

    def addmm(x):
        return torch.addmm(folded, x, transposed)

    def cut(encode):
        handle = block.register_forward_hook(keep_and_stop)
        with torch.inference_mode():
            try:
                model.model(ids, use_cache=False)
            except Reached:
                pass
            values, latents = encode(hidden["x"].flatten(0, 1)).topk(k, sorted=False)
            active = values > 0
            found = active.nonzero(), latents[active], values[active]
        handle.remove()
        return found

    def dense():
        handle = block.register_forward_hook(keep)
        with torch.no_grad():
            model(ids)
            pre = torch.relu(torch.nn.functional.linear(hidden["x"] - b_dec, weight, bias))
            values, latents = pre.topk(k, sorted=False)
            scattered = torch.zeros_like(pre).scatter_(-1, latents, values)
            latents = scattered.reshape(rows, length, -1)
            found = torch.nonzero(latents.abs() > EPSILON), latents[latents.abs() > EPSILON], (latents > 0).sum((0, 1))
        handle.remove()
        return found

    works = {"strong": lambda: cut(linear), "packed": lambda: cut(addmm), "dense": dense}
    print("ready", flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        works[line.strip()]()
        print(time.perf_counter() - began, flush=True)


main()
