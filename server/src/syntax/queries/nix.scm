(comment) @comment

(binding attrpath: (attrpath) @name expression: (function_expression)) @definition.function
(binding attrpath: (attrpath) @name expression: [(attrset_expression) (rec_attrset_expression)]) @definition.module
(let_expression (binding_set (binding attrpath: (attrpath) @name) @definition.constant))
; Options of a module.
((binding attrpath: (attrpath) @name expression: (apply_expression function: (select_expression) @made)) @definition.property
  (#match? @made "mk(Enable|Package)?Option$"))
