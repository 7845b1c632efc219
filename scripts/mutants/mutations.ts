import { isTypeNode, type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import * as is from 'typescript/unstable/ast/is';

/** A small fault in a file that some test should notice. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  /** The lines that change, as one, before and after. With the file's base name they identify the mutant. */
  readonly original: string;
  readonly mutated: string;
  /** The whole file with the fault in it. */
  readonly text: string;
}

type Mutation = readonly [node: Node, replacement: string];

const OPERATORS = new Map(
  ['< <=', '> >=', '=== !==', '&& ||', '+ -', '* /'].flatMap((pair) => {
    const [one = '', other = ''] = pair.split(' ');
    return [[one, other] as const, [other, one] as const];
  }),
);

/** All mutants of `source`, in the order of its text. */
export function mutantsOf(source: SourceFile, file: string): Mutant[] {
  const code = source.text;
  return mutationsIn(source, source).map(([node, replacement]) => {
    const [start, end] = [node.getStart(source), node.end];
    const before = code.slice(code.lastIndexOf('\n', start) + 1, start);
    const after = code.slice(end, code.indexOf('\n', end));
    return {
      file,
      line: code.slice(0, start).split('\n').length,
      original: inOneLine(before + code.slice(start, end) + after),
      mutated: inOneLine(before + replacement + after),
      text: code.slice(0, start) + replacement + code.slice(end),
    };
  });
}

function mutationsIn(node: Node, source: SourceFile): Mutation[] {
  const isErased = isTypeNode(node) || is.isInterfaceDeclaration(node);
  if (isErased || is.isTypeAliasDeclaration(node) || is.isImportDeclaration(node)) {
    return [];
  }
  const found = mutate(node, source);
  node.forEachChild((child) => {
    found.push(...mutationsIn(child, source));
  });
  return found;
}

function mutate(node: Node, source: SourceFile): Mutation[] {
  const text = node.getText(source);
  if (is.isIfStatement(node)) {
    const negated: Mutation = [node.expression, `!(${node.expression.getText(source)})`];
    return endsTheFlow(node.thenStatement) ? [negated, [node, ';']] : [negated];
  }
  if (is.isConditionalExpression(node)) {
    return [[node.condition, `!(${node.condition.getText(source)})`]];
  }
  if (is.isBinaryExpression(node)) {
    const other = OPERATORS.get(node.operatorToken.getText(source));
    const joinsText = node.operatorToken.kind === SyntaxKind.PlusToken && /['"`]/.test(text);
    return other === undefined || joinsText ? [] : [[node.operatorToken, other]];
  }
  if (is.isExpressionStatement(node)) {
    return text.startsWith('super(') ? [] : [[node, ';']];
  }
  return mutateConstant(node, text);
}

function mutateConstant(node: Node, text: string): Mutation[] {
  switch (node.kind) {
    case SyntaxKind.TrueKeyword:
      return [[node, 'false']];
    case SyntaxKind.FalseKeyword:
      return [[node, 'true']];
    case SyntaxKind.NumericLiteral:
      return [[node, text === '0' ? '1' : `(${text} + 1)`]];
    case SyntaxKind.StringLiteral:
    case SyntaxKind.NoSubstitutionTemplateLiteral:
    case SyntaxKind.TemplateExpression:
      return [[node, text.length > 2 ? `''` : `'mutated'`]];
    default:
      return [];
  }
}

/** Whether `statement`, which may be a block, ends by leaving the flow: return, throw, break or continue. */
function endsTheFlow(statement: Node): boolean {
  const last = is.isBlock(statement) ? statement.statements.at(-1) : statement;
  return (
    last !== undefined &&
    (is.isReturnStatement(last) || is.isThrowStatement(last) || is.isBreakOrContinueStatement(last))
  );
}

function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
